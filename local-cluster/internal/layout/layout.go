// Package layout says where things lie in the state directory and which
// addresses the node uses. In: the state directory given by the user. Out:
// paths and constants. It must not touch the file system.
package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
)

const (
	// DefaultDir is the state directory used when none is given.
	DefaultDir = "/var/lib/rerp-node"
	// NodeName is the name of the only Node object, and the node's host name.
	NodeName = "rerp-node"
	// NodeAddress is the node's InternalIP. It exists only inside the node's
	// own network namespace, so several nodes may use it at once.
	NodeAddress = "172.30.0.2"
	// NodePrefix is the prefix length of the node's own network.
	NodePrefix = 24
	// PodCIDR is the range pods get their addresses from.
	PodCIDR = "10.244.0.0/16"
	// ServiceCIDR is the range of cluster IPs.
	ServiceCIDR = "10.96.0.0/16"
	// KubernetesAddress is the cluster IP of the Service default/kubernetes.
	KubernetesAddress = "10.96.0.1"
	// DNSAddress is the cluster IP of the Service kube-system/kube-dns.
	DNSAddress = "10.96.0.10"
	// ClusterDomain is the DNS suffix of Services.
	ClusterDomain = "cluster.local"
	// InnerAPIPort is the apiserver's port inside the node's namespace.
	InnerAPIPort = 6443
	// PauseImage names the sandbox image; it is built by the node itself.
	PauseImage = "rerp.dev/pause:1"
)

// Layout is one state directory.
type Layout struct {
	// Dir is absolute and clean.
	Dir string
}

// New checks a state directory's path. The directory must be absolute, must
// not be a system folder, and must not lie where the node mounts its own
// file systems (/run, /proc, /sys, /dev).
func New(dir string) (Layout, error) {
	if !filepath.IsAbs(dir) {
		return Layout{}, fmt.Errorf("state directory %q must be an absolute path", dir)
	}
	dir = filepath.Clean(dir)
	for _, hidden := range []string{"/run", "/var/run", "/proc", "/sys", "/dev"} {
		if dir == hidden || strings.HasPrefix(dir, hidden+"/") {
			return Layout{}, fmt.Errorf("state directory %q must not lie in %s: the node mounts its own there", dir, hidden)
		}
	}
	if strings.Count(dir, "/") < 2 {
		return Layout{}, fmt.Errorf("state directory %q is a top-level folder: give one of its own", dir)
	}
	// A socket's path is limited to 107 bytes; the longest of ours is added here.
	if longest := len(filepath.Join(dir, "run/containerd.sock.ttrpc")); longest > 107 {
		return Layout{}, fmt.Errorf("state directory %q is too long for the sockets in it (%d of 107 bytes)", dir, longest)
	}
	return Layout{Dir: dir}, nil
}

// Path joins elements to the state directory.
func (l Layout) Path(elements ...string) string {
	return filepath.Join(append([]string{l.Dir}, elements...)...)
}

// CgroupName is the name of the node's own cgroup in every hierarchy. It is
// derived from the directory so that two nodes never share one.
func (l Layout) CgroupName() string {
	sum := sha256.Sum256([]byte(l.Dir))
	return "rerp-" + hex.EncodeToString(sum[:4])
}

// Marker is the file that says "this directory was made by rerp-node"; only a
// directory that holds it is ever deleted.
func (l Layout) Marker() string { return l.Path(".rerp-node") }

// Lock is held by the keeper for as long as the node lives.
func (l Layout) Lock() string { return l.Path("keeper.lock") }

// Spec holds what the node was started with.
func (l Layout) Spec() string { return l.Path("node.json") }

// Kubeconfig is the administrator's, for clients on the host.
func (l Layout) Kubeconfig() string { return l.Path("kubeconfig") }

// InnerKubeconfig is the one of a component.
func (l Layout) InnerKubeconfig(name string) string { return l.Path("etc", name+".kubeconfig") }

// PKI is a file among keys and certificates.
func (l Layout) PKI(name string) string { return l.Path("pki", name) }

// Log is the log of one component.
func (l Layout) Log(component string) string { return l.Path("logs", component+".log") }

// AuditLog is the apiserver's audit log.
func (l Layout) AuditLog() string { return l.Path("logs", "audit.jsonl") }

// EtcdSocket is where etcd serves the apiserver.
func (l Layout) EtcdSocket() string { return l.Path("run", "etcd.sock") }

// ContainerdSocket is where containerd serves kubelet and ctr.
func (l Layout) ContainerdSocket() string { return l.Path("run", "containerd.sock") }

// ControlSocket is where the keeper takes requests for new forwards.
func (l Layout) ControlSocket() string { return l.Path("run", "control.sock") }

// Progress is the start-up journal that `up` prints.
func (l Layout) Progress() string { return l.Path("run", "progress.jsonl") }

// Components is the current state of every component.
func (l Layout) Components() string { return l.Path("run", "components.json") }

// Volumes is the folder of provisioned volumes.
func (l Layout) Volumes() string { return l.Path("volumes") }

// Folders lists every folder that must exist before anything starts, with
// the ones the node binds over the host's /var and /tmp.
func (l Layout) Folders() []string {
	names := []string{
		"run", "run/apiserver", "etc", "etc/cni", "pki", "logs", "etcd", "containerd", "opt",
		"kubelet", "kubelet-plugins", "volumes", "cni", "sysctl", "home",
		"var/lib", "var/log", "var/tmp", "var/cache", "tmp",
	}
	for i, name := range names {
		names[i] = l.Path(name)
	}
	return names
}
