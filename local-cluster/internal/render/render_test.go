package render

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	proxyconfig "k8s.io/kube-proxy/config/v1alpha1"
	kubeletconfig "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"

	"rerp.dev/local-cluster/internal/layout"
)

var (
	dirA = layout.Layout{Dir: "/srv/node-a"}
	dirB = layout.Layout{Dir: "/srv/node-b"}
)

func TestKubeletConfigIsUnderstoodAndNeverEvicts(t *testing.T) {
	var c kubeletconfig.KubeletConfiguration
	if err := yaml.UnmarshalStrict([]byte(KubeletConfig(dirA)), &c); err != nil {
		t.Fatal(err)
	}
	if *c.ImageGCHighThresholdPercent != 100 || c.EvictionHard["imagefs.available"] != "0%" {
		t.Errorf("images could be evicted: %v %v", *c.ImageGCHighThresholdPercent, c.EvictionHard)
	}
	if c.CgroupRoot != "/"+dirA.CgroupName() || *c.Authentication.Anonymous.Enabled {
		t.Errorf("cgroup root %q, anonymous %t", c.CgroupRoot, *c.Authentication.Anonymous.Enabled)
	}
}

func TestKubeProxyConfigIsUnderstood(t *testing.T) {
	var c proxyconfig.KubeProxyConfiguration
	if err := yaml.UnmarshalStrict([]byte(KubeProxyConfig(dirA)), &c); err != nil {
		t.Fatal(err)
	}
	if c.Mode != "nftables" || *c.Conntrack.MaxPerCore != 0 {
		t.Errorf("mode %s, conntrack %v", c.Mode, c.Conntrack)
	}
}

func TestPodNetworkIsJSONWithoutMasquerading(t *testing.T) {
	var c struct {
		Plugins []struct {
			IPMasq bool `json:"ipMasq"`
		}
	}
	if err := json.Unmarshal([]byte(PodNetwork(dirA)), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Plugins) != 1 || c.Plugins[0].IPMasq {
		t.Errorf("%+v", c)
	}
}

func TestControlPlaneAloneListensOnLoopbackOnly(t *testing.T) {
	args := APIServer(dirA, Spec{ControlPlaneOnly: true, APIPort: 12345})
	if !slices.Contains(args, "--bind-address=127.0.0.1") || !slices.Contains(args, "--secure-port=12345") {
		t.Errorf("%v", args)
	}
	if (Spec{ControlPlaneOnly: true, APIPort: 12345}).InnerServer() != "https://127.0.0.1:12345" {
		t.Error("components would not find it")
	}
}

func TestAuditOnlyWhenAsked(t *testing.T) {
	for _, audit := range []bool{false, true} {
		found := strings.Contains(strings.Join(APIServer(dirA, Spec{Audit: audit}), " "), "--audit-log-path")
		if found != audit {
			t.Errorf("asked %t, got %t", audit, found)
		}
	}
}

// Whatever a component writes must lie in its own node's state directory.
func TestNothingOfOneNodeNamesAnother(t *testing.T) {
	spec := Spec{Audit: true, APIPort: 1}
	all := func(l layout.Layout) string {
		parts := slices.Concat(Etcd(l), APIServer(l, spec), ControllerManager(l, spec), Scheduler(l), Kubelet(l), KubeProxy(l))
		parts = append(parts, KubeletConfig(l), KubeProxyConfig(l), ContainerdConfig(l), PodNetwork(l), Corefile(l))
		return strings.Join(parts, "\n")
	}
	if text := all(dirB); strings.Contains(text, dirA.Dir) || strings.Contains(text, dirA.CgroupName()) {
		t.Error("node B names node A")
	}
	if strings.Contains(all(dirA), "/var/lib/kubelet") {
		t.Error("a path of the machine is used")
	}
}
