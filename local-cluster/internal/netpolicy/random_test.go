package netpolicy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// dice makes small worlds: few values, so that selectors often match and
// rules often meet.
type dice struct{ *rand.Rand }

func (d dice) one(sides int) bool       { return d.IntN(sides) == 0 }
func (d dice) of(list ...string) string { return list[d.IntN(len(list))] }
func (d dice) protocol() *core.Protocol { return new(protocols[d.IntN(len(protocols))]) }
func (d dice) labels() map[string]string {
	return map[string]string{"k": d.of("x", "y"), "l": d.of("x", "y", "z")}
}
func (d dice) types() []networking.PolicyType {
	both := []networking.PolicyType{networking.PolicyTypeIngress, networking.PolicyTypeEgress}
	return [][]networking.PolicyType{nil, both[:1], both[1:], both}[d.IntN(4)]
}

func (d dice) selector() *meta.LabelSelector {
	s := &meta.LabelSelector{}
	if d.one(2) {
		s.MatchLabels = map[string]string{d.of("k", "l"): d.of("x", "y")}
	}
	if d.one(4) {
		s.MatchExpressions = []meta.LabelSelectorRequirement{{Key: d.of("k", "l", "m"), Operator: meta.LabelSelectorOpNotIn, Values: []string{"x"}}}
	}
	return s
}

func (d dice) peers() []networking.NetworkPolicyPeer {
	var list []networking.NetworkPolicyPeer
	for range d.IntN(3) {
		var peer networking.NetworkPolicyPeer
		switch d.IntN(4) {
		case 0:
			peer.PodSelector = d.selector()
		case 1:
			peer.NamespaceSelector = d.selector()
		case 2:
			peer.PodSelector, peer.NamespaceSelector = d.selector(), d.selector()
		default:
			peer.IPBlock = &networking.IPBlock{CIDR: d.of("0.0.0.0/0", "10.244.0.0/29", "192.0.2.0/24", "fd00::/8")}
			if peer.IPBlock.CIDR != "fd00::/8" && d.one(2) {
				peer.IPBlock.Except = []string{d.of("10.244.0.4/31", "192.0.2.0/25"), d.of("10.244.0.2/32", "10.244.0.0/30")}
			}
		}
		list = append(list, peer)
	}
	return list
}

func (d dice) ports() []networking.NetworkPolicyPort {
	var list []networking.NetworkPolicyPort
	for range d.IntN(3) {
		var port networking.NetworkPolicyPort
		if d.one(2) {
			port.Protocol = d.protocol()
		}
		switch d.IntN(4) {
		case 0:
		case 1:
			port.Port = new(intstr.FromString(d.of("p", "q")))
		case 2:
			port.Port = new(intstr.FromInt(1 + d.IntN(4)))
		default:
			port.Port, port.EndPort = new(intstr.FromInt(1+d.IntN(3))), new(int32(3+d.IntN(2)))
		}
		list = append(list, port)
	}
	return list
}

func (d dice) policy(i int) *networking.NetworkPolicy {
	p := &networking.NetworkPolicy{ObjectMeta: meta.ObjectMeta{Namespace: d.of("a", "b"), Name: fmt.Sprint("p", i)}}
	p.Spec.PodSelector, p.Spec.PolicyTypes = *d.selector(), d.types()
	for range d.IntN(3) {
		p.Spec.Ingress = append(p.Spec.Ingress, networking.NetworkPolicyIngressRule{From: d.peers(), Ports: d.ports()})
	}
	for range d.IntN(3) {
		p.Spec.Egress = append(p.Spec.Egress, networking.NetworkPolicyEgressRule{To: d.peers(), Ports: d.ports()})
	}
	return p
}

func (d dice) pod(i int) *core.Pod {
	pod := &core.Pod{ObjectMeta: meta.ObjectMeta{Namespace: d.of("a", "b", "c"), Name: fmt.Sprint("pod", i), Labels: d.labels()}}
	pod.Status.PodIP = fmt.Sprintf("10.244.0.%d", 2+i)
	pod.Spec.NodeName, pod.Status.Phase = "n", core.PodRunning
	switch d.IntN(12) {
	case 0:
		pod.Spec.HostNetwork, pod.Status.PodIP = true, nodeAddress.String()
	case 1:
		pod.Status.Phase = core.PodFailed
	case 2:
		pod.Status.PodIP = ""
	case 3:
		pod.DeletionTimestamp = &meta.Time{}
	}
	for _, name := range []string{"p", "q"} {
		if d.one(2) {
			port := core.ContainerPort{Name: name, ContainerPort: int32(1 + d.IntN(4)), Protocol: *d.protocol()}
			pod.Spec.Containers = append(pod.Spec.Containers, core.Container{Ports: []core.ContainerPort{port}})
		}
	}
	return pod
}

func (d dice) world() objects {
	var o objects
	for _, name := range []string{"a", "b", "c"} {
		o.Namespaces = append(o.Namespaces, &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: name, Labels: d.labels()}})
	}
	for i := range 6 {
		o.Pods = append(o.Pods, d.pod(i))
	}
	for i := range 1 + d.IntN(4) {
		o.Policies = append(o.Policies, d.policy(i))
	}
	return o
}

func (o objects) String() string {
	raw, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// everyConnection lists all connections between the addresses of a random
// world, one that no pod has, one outside and the node's.
func everyConnection() []connection {
	addresses := []netip.Addr{nodeAddress, netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.200")}
	for i := range 7 {
		addresses = append(addresses, netip.AddrFrom4([4]byte{10, 244, 0, byte(2 + i)}))
	}
	var list []connection
	for _, source := range addresses {
		for _, target := range addresses {
			for _, protocol := range append([]core.Protocol{"ICMP"}, protocols...) {
				for port := range uint16(6) {
					list = append(list, connection{source, target, protocol, port})
				}
			}
		}
	}
	return list
}

func TestCompileAgreesWithThePlainDefinition(t *testing.T) {
	connections := everyConnection()
	passed, refused := 0, 0
	for seed := range uint64(400) {
		d := dice{rand.New(rand.NewPCG(seed, 1))}
		o := d.world()
		rules := o.compile()
		for _, c := range connections {
			want := o.allowed(c)
			if got := rules.lets(c); got != want {
				t.Fatalf("seed %d: %v passes: %t, by the definition %t\n%s", seed, c, got, want, o)
			}
			if want {
				passed++
			} else {
				refused++
			}
		}
		d.Shuffle(len(o.Pods), func(i, j int) { o.Pods[i], o.Pods[j] = o.Pods[j], o.Pods[i] })
		d.Shuffle(len(o.Policies), func(i, j int) { o.Policies[i], o.Policies[j] = o.Policies[j], o.Policies[i] })
		if again := o.compile(); !reflect.DeepEqual(again, rules) {
			t.Fatalf("seed %d: the order of the input matters", seed)
		}
	}
	// A generator whose worlds refuse nothing, or everything, shows nothing.
	if total := passed + refused; passed < total/5 || refused < total/5 {
		t.Errorf("%d passed, %d refused: the worlds are too much alike", passed, refused)
	}
}
