// Which processes make up a node, and the config files they read.
package node

import (
	"fmt"
	"os"

	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/pki"
	"rerp.dev/local-cluster/internal/render"
	"rerp.dev/local-cluster/internal/supervise"
)

// InitName is the argv[0] under which the binary becomes pid 1 of the node.
const InitName = "rerp-node-init"

// self is this binary, also where its own path is covered by a mount.
const self = "/proc/self/exe"

// searchPath is where the Debian packages put what the components call.
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// foundation starts first; the rest needs the apiserver's answer.
func foundation(l layout.Layout, s render.Spec) []supervise.Process {
	list := []supervise.Process{
		own(l, "etcd", render.Etcd(l)),
		own(l, "kube-apiserver", render.APIServer(l, s)),
	}
	if !s.ControlPlaneOnly {
		list = append(list, supervise.Process{
			Name: "containerd", Path: "/usr/bin/containerd",
			Args:  []string{"containerd", "--config", l.Path("etc", "containerd.toml")},
			Env:   environment(l),
			Dir:   l.Path("run"),
			Log:   l.Log("containerd"),
			Stale: []string{l.ContainerdSocket(), l.ContainerdSocket() + ".ttrpc"},
		})
	}
	return list
}

func clients(l layout.Layout, s render.Spec) []supervise.Process {
	list := []supervise.Process{
		own(l, "kube-controller-manager", render.ControllerManager(l, s)),
		own(l, "addons", []string{l.Dir}),
	}
	if s.ControlPlaneOnly {
		return list
	}
	return append(list,
		own(l, "kubelet", render.Kubelet(l)),
		own(l, "kube-scheduler", render.Scheduler(l)),
		own(l, "kube-proxy", render.KubeProxy(l)),
		own(l, "coredns", []string{"-conf", l.Path("etc", "Corefile")}),
	)
}

// own describes a component that is part of this binary.
func own(l layout.Layout, name string, args []string) supervise.Process {
	return supervise.Process{
		Name: name, Path: self, Args: append([]string{name}, args...),
		Env: environment(l), Dir: l.Path("run"), Log: l.Log(name),
	}
}

// environment is the same for all: what the caller of `up` had in his must
// not change how the node behaves. GOGC trades a little time for memory.
func environment(l layout.Layout) []string {
	return []string{searchPath, "HOME=" + l.Path("home"), "TMPDIR=" + l.Path("tmp"), "GOGC=60"}
}

// writeFiles writes keys, kubeconfigs and config files of all components.
func writeFiles(l layout.Layout, s render.Spec) error {
	for _, folder := range l.Folders() {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	modes := map[string]os.FileMode{
		// Shared temporary folders, as on any machine.
		"tmp": 0o777 | os.ModeSticky, "var/tmp": 0o777 | os.ModeSticky,
		// Nobody but the node's own user needs to look in here.
		"etcd": 0o700, "pki": 0o700, "run": 0o700,
	}
	for name, mode := range modes {
		if err := os.Chmod(l.Path(name), mode); err != nil {
			return err
		}
	}
	if err := pki.WriteCluster(l); err != nil {
		return fmt.Errorf("issue certificates: %w", err)
	}
	for _, client := range []string{"addons", "coredns", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"} {
		if err := pki.WriteKubeconfig(l, l.InnerKubeconfig(client), client, s.InnerServer()); err != nil {
			return fmt.Errorf("write kubeconfig of %s: %w", client, err)
		}
	}
	for name, text := range map[string]string{
		"audit-policy.yaml":    render.AuditPolicy(),
		"kubelet.yaml":         render.KubeletConfig(l),
		"kube-proxy.yaml":      render.KubeProxyConfig(l),
		"containerd.toml":      render.ContainerdConfig(l),
		"cni/10-pods.conflist": render.PodNetwork(l),
		"Corefile":             render.Corefile(l),
		"resolv.conf":          "nameserver " + layout.NodeAddress + "\n",
	} {
		if err := os.WriteFile(l.Path("etc", name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return pki.WriteKubeconfig(l, l.Kubeconfig(), "admin", s.HostServer())
}
