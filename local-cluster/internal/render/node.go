// Command lines and config files of what runs pods: kubelet, kube-proxy,
// containerd, the pod network and cluster DNS.
package render

import (
	"fmt"

	"rerp.dev/local-cluster/internal/layout"
)

// Kubelet returns the arguments of kubelet.
func Kubelet(l layout.Layout) []string {
	return []string{
		"--config=" + l.Path("etc", "kubelet.yaml"),
		"--kubeconfig=" + l.InnerKubeconfig("kubelet"),
		"--root-dir=" + l.Path("kubelet"),
		"--cert-dir=" + l.Path("kubelet", "pki"),
		"--hostname-override=" + layout.NodeName,
		"--node-ip=" + layout.NodeAddress,
	}
}

// KubeletConfig is kubelet's config file. Images and pods are never evicted:
// a full disk is for the person at the machine to solve, not a reason to
// delete an image that no registry could give back. The short sync frequency
// lets a changed Secret reach the pods within seconds.
func KubeletConfig(l layout.Layout) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 0.0.0.0
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %q}
authorization: {mode: Webhook}
tlsCertFile: %q
tlsPrivateKeyFile: %q
containerRuntimeEndpoint: "unix://%s"
cgroupDriver: cgroupfs
cgroupRoot: "/%s"
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
resolvConf: ""
clusterDNS: [%q]
clusterDomain: %s
syncFrequency: 10s
configMapAndSecretChangeDetectionStrategy: Watch
volumePluginDir: %q
oomScoreAdj: 0
serializeImagePulls: false
makeIPTablesUtilChains: false
maxPods: 200
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard:
  memory.available: "1Mi"
  nodefs.available: "0%%"
  nodefs.inodesFree: "0%%"
  imagefs.available: "0%%"
  imagefs.inodesFree: "0%%"
containerLogMaxSize: 20Mi
containerLogMaxFiles: 2
`, l.PKI("ca.crt"), l.PKI("kubelet-server.crt"), l.PKI("kubelet-server.key"),
		l.ContainerdSocket(), l.CgroupName(), layout.DNSAddress, layout.ClusterDomain, l.Path("kubelet-plugins"))
}

// KubeProxy returns the arguments of kube-proxy.
func KubeProxy(l layout.Layout) []string {
	return []string{"--config=" + l.Path("etc", "kube-proxy.yaml")}
}

// KubeProxyConfig is kube-proxy's config file. conntrack limits belong to the
// machine, not to a namespace: they are left alone.
func KubeProxyConfig(l layout.Layout) string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
bindAddress: %s
healthzBindAddress: "127.0.0.1:10256"
metricsBindAddress: "127.0.0.1:10249"
hostnameOverride: %s
clusterCIDR: %s
detectLocalMode: ClusterCIDR
oomScoreAdj: 0
clientConnection:
  kubeconfig: %q
conntrack:
  maxPerCore: 0
  min: 0
nftables:
  syncPeriod: 30s
  minSyncPeriod: 100ms
`, layout.NodeAddress, layout.NodeName, layout.PodCIDR, l.InnerKubeconfig("kube-proxy"))
}

// ContainerdConfig is containerd's config file. restrict_oom_score_adj is
// needed where root lacks CAP_SYS_RESOURCE: without it no sandbox starts.
// The state lies on the node's private /run, so it vanishes with the node.
func ContainerdConfig(l layout.Layout) string {
	return fmt.Sprintf(`version = 2
root = %q
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[grpc]
  address = %q
[plugins."io.containerd.internal.v1.opt"]
  path = %q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = %q
`, l.Path("containerd"), l.ContainerdSocket(), l.Path("opt"), layout.PauseImage, l.Path("etc", "cni"))
}

// PodNetwork is the CNI configuration: one bridge, no way out of the machine.
func PodNetwork(l layout.Layout) string {
	return fmt.Sprintf(`{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [{
    "type": "bridge",
    "bridge": "cni0",
    "isGateway": true,
    "ipMasq": false,
    "hairpinMode": true,
    "ipam": {
      "type": "host-local",
      "dataDir": %q,
      "ranges": [[{"subnet": %q}]],
      "routes": [{"dst": "0.0.0.0/0"}]
    }
  }]
}
`, l.Path("cni"), layout.PodCIDR)
}

// Corefile configures cluster DNS. Names outside the cluster do not exist:
// an immediate NXDOMAIN is clearer than a time-out.
func Corefile(l layout.Layout) string {
	return fmt.Sprintf(`%s:53 in-addr.arpa:53 {
    bind %s
    errors
    cache 5
    kubernetes %s in-addr.arpa {
        kubeconfig %s rerp-node
        pods insecure
        ttl 5
    }
}
.:53 {
    bind %s
    errors
    template ANY ANY {
        rcode NXDOMAIN
    }
}
`, layout.ClusterDomain, layout.NodeAddress, layout.ClusterDomain, l.InnerKubeconfig("coredns"), layout.NodeAddress)
}
