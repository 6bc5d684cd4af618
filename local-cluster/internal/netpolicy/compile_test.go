package netpolicy

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Each case: policies, and connections that pass (+) or not (-). A policy is
// its namespace and its spec.
var cases = []struct {
	name        string
	policies    []string
	connections []string
}{
	{"no policy", nil, []string{"+ b/web > a/db TCP 1", "+ far > a/db UDP 2", "+ new > a/db TCP 1", "+ a/db > new TCP 1"}},
	{"deny all ingress", []string{"a {podSelector: {}, policyTypes: [Ingress]}"},
		[]string{"- b/web > a/db TCP 5432", "- a/web > a/db TCP 5432", "- far > a/web UDP 53", "- far > a/web ICMP 0", "+ a/db > b/web TCP 80", "+ b/web > c/old TCP 1"}},
	{"deny all egress", []string{"a {podSelector: {}, policyTypes: [Egress]}"},
		[]string{"- a/db > b/web TCP 8000", "- a/db > far TCP 1", "- a/db > far ICMP 0", "+ b/web > a/db TCP 5432", "+ b/web > far TCP 1"}},
	{"deny both", []string{"a {podSelector: {}, policyTypes: [Ingress, Egress]}"},
		[]string{"- a/db > b/web TCP 80", "- b/web > a/db TCP 80", "+ b/web > far TCP 1"}},
	{"types default to ingress", []string{"a {podSelector: {}}"},
		[]string{"- b/web > a/db TCP 1", "+ a/db > b/web TCP 1"}},
	{"types default to both with egress rules", []string{"a {podSelector: {}, egress: [{ports: [{port: 1}]}]}"},
		[]string{"- b/web > a/db TCP 1", "+ a/db > b/web TCP 1", "- a/db > b/web TCP 2"}},
	{"an empty list of egress rules is none", []string{"a {podSelector: {}, egress: []}"},
		[]string{"- b/web > a/db TCP 1", "+ a/db > b/web TCP 1"}},
	{"egress only must be said", []string{"a {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 1}]}]}"},
		[]string{"+ b/web > a/db TCP 9", "+ a/db > b/web TCP 1", "- a/db > b/web TCP 2"}},
	{"egress rules count only with the type", []string{"a {podSelector: {}, policyTypes: [Ingress], egress: [{ports: [{port: 1}]}]}"},
		[]string{"+ a/db > b/web TCP 2", "- b/web > a/db TCP 1"}},
	{"ingress rules count only with the type", []string{"a {podSelector: {}, policyTypes: [Egress], ingress: [{ports: [{port: 1}]}]}"},
		[]string{"+ b/web > a/db TCP 2", "- a/db > b/web TCP 1"}},
	{"policies are of their namespace", []string{"b {podSelector: {}}"},
		[]string{"- a/web > b/web TCP 1", "+ b/web > a/web TCP 1", "+ b/web > c/old TCP 1"}},
	{"subjects by label", []string{"a {podSelector: {matchLabels: {app: db}}}"},
		[]string{"- b/web > a/db TCP 1", "+ b/web > a/web TCP 1"}},
	{"subjects by expression", []string{"a {podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}"},
		[]string{"- b/web > a/db TCP 1", "+ b/web > a/web TCP 1"}},
	{"subjects of which there are none", []string{"a {podSelector: {matchLabels: {app: none}}}"},
		[]string{"+ b/web > a/db TCP 1"}},
	{"one empty ingress rule is everybody", []string{"a {podSelector: {}, ingress: [{}]}"},
		[]string{"+ b/web > a/db TCP 1", "+ far > a/db UDP 2", "+ far > a/db ICMP 0"}},
	{"empty peers are everybody", []string{"a {podSelector: {}, ingress: [{from: [], ports: [{port: 5432}]}]}"},
		[]string{"+ far > a/db TCP 5432", "+ b/web > a/web TCP 5432", "- far > a/db TCP 5433", "- far > a/db UDP 5432"}},
	{"empty ports are every port", []string{"a {podSelector: {}, ingress: [{ports: [], from: [{podSelector: {}}]}]}"},
		[]string{"+ a/web > a/db SCTP 9", "+ a/web > a/db ICMP 0", "- b/web > a/db TCP 9"}},
	{"peer by pod label is of the own namespace", []string{"a {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}"},
		[]string{"+ a/web > a/db TCP 1", "- b/web > a/db TCP 1"}},
	{"peer by namespace is all its pods", []string{"a {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}}]}]}"},
		[]string{"+ b/web > a/db TCP 1", "- a/web > a/db TCP 1", "- c/old > a/db TCP 1"}},
	{"peer by the namespace's name", []string{"a {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: c}}}]}]}"},
		[]string{"+ c/old > a/db TCP 1", "- b/web > a/db TCP 1"}},
	{"empty namespaceSelector is every pod", []string{"a {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"},
		[]string{"+ b/web > a/db TCP 1", "+ a/web > a/db TCP 1", "- far > a/db TCP 1"}},
	{"both selectors must fit", []string{"a {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}, podSelector: {matchLabels: {app: web}}}]}]}"},
		[]string{"+ b/web > a/db TCP 1", "+ a/web > a/db TCP 1", "- c/old > a/db TCP 1", "- a/db > a/web TCP 1"}},
	{"two peers, either may fit", []string{"a {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}}, {podSelector: {matchLabels: {app: web}}}]}]}"},
		[]string{"+ b/web > a/db TCP 1", "+ a/web > a/db TCP 1", "- c/old > a/db TCP 1"}},
	{"peers that match nobody are nobody", []string{"a {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: none}}}]}]}"},
		[]string{"- b/web > a/db TCP 1", "- far > a/db TCP 1"}},
	{"ipBlock", []string{"a {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}"},
		[]string{"+ far > a/db TCP 1", "+ near > a/db TCP 1", "- b/web > a/db TCP 1"}},
	{"ipBlock with exceptions", []string{"a {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.0/30, 192.0.2.4/30, 192.0.2.224/27]}}]}]}"},
		[]string{"- far > a/db TCP 1", "+ near > a/db TCP 1"}},
	{"ipBlock of everything", []string{"a {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}"},
		[]string{"+ far > a/db TCP 1", "+ b/web > a/db TCP 1"}},
	{"ipBlock holds pods too", []string{"a {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.244.0.4/32]}}]}]}"},
		[]string{"+ far > a/db TCP 1", "- b/web > a/db TCP 1", "+ a/web > a/db TCP 1"}},
	{"what one block excepts another may hold", []string{"a {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.244.0.0/16, except: [10.244.0.4/32]}}, {ipBlock: {cidr: 10.244.0.4/32}}]}]}"},
		[]string{"+ b/web > a/db TCP 1", "+ a/web > a/db TCP 1", "- far > a/db TCP 1"}},
	{"ipBlock of IPv6 holds nobody", []string{"a {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 'fd00::/8'}}]}]}"},
		[]string{"- far > a/db TCP 1", "- b/web > a/db TCP 1"}},
	{"egress to an ipBlock", []string{"a {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.0/25}}]}]}"},
		[]string{"+ a/db > far TCP 1", "- a/db > near TCP 1", "- a/db > b/web TCP 1"}},
	{"protocol defaults to TCP", []string{"a {podSelector: {}, ingress: [{ports: [{port: 53}]}]}"},
		[]string{"+ b/web > a/web TCP 53", "- b/web > a/web UDP 53", "- b/web > a/web SCTP 53", "- b/web > a/web ICMP 0"}},
	{"UDP", []string{"a {podSelector: {}, ingress: [{ports: [{protocol: UDP, port: 53}]}]}"},
		[]string{"+ b/web > a/web UDP 53", "- b/web > a/web TCP 53"}},
	{"SCTP", []string{"a {podSelector: {}, ingress: [{ports: [{protocol: SCTP, port: 53}]}]}"},
		[]string{"+ b/web > a/web SCTP 53", "- b/web > a/web TCP 53"}},
	{"port left out is every port of the protocol", []string{"a {podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}"},
		[]string{"+ b/web > a/web UDP 1", "+ b/web > a/web UDP 65535", "- b/web > a/web TCP 1", "- b/web > a/web ICMP 0"}},
	{"neither port nor protocol is every port of TCP", []string{"a {podSelector: {}, ingress: [{ports: [{}]}]}"},
		[]string{"+ b/web > a/web TCP 9", "- b/web > a/web UDP 9"}},
	{"endPort holds both ends", []string{"a {podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90}]}]}"},
		[]string{"- b/web > a/web TCP 79", "+ b/web > a/web TCP 80", "+ b/web > a/web TCP 90", "- b/web > a/web TCP 91"}},
	{"endPort up to the last port", []string{"a {podSelector: {}, ingress: [{ports: [{port: 1, endPort: 65535}, {port: 65535}]}]}"},
		[]string{"+ b/web > a/web TCP 1", "+ b/web > a/web TCP 65535", "- b/web > a/web UDP 1"}},
	{"port ranges may overlap", []string{"a {podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90}, {port: 85, endPort: 100}, {port: 101}, {port: 82}, {protocol: UDP, port: 95}]}]}"},
		[]string{"+ b/web > a/web TCP 101", "+ b/web > a/web TCP 95", "- b/web > a/web TCP 102", "+ b/web > a/web UDP 95", "- b/web > a/web UDP 80"}},
	{"named port is the subject's own", []string{"a {podSelector: {}, ingress: [{ports: [{port: http}]}]}"},
		[]string{"+ b/web > a/web TCP 80", "- b/web > a/web TCP 8080", "+ b/web > a/db TCP 8080", "- b/web > a/db TCP 80"}},
	{"named port of any container", []string{"a {podSelector: {}, ingress: [{ports: [{port: metrics}]}]}"},
		[]string{"+ b/web > a/web TCP 9090", "- b/web > a/db TCP 9090"}},
	{"named port of a sidecar, not of an init container", []string{"a {podSelector: {}, ingress: [{ports: [{port: side}, {port: once}]}]}"},
		[]string{"+ b/web > a/db TCP 7000", "- b/web > a/db TCP 7001"}},
	{"named port needs its protocol", []string{"a {podSelector: {}, ingress: [{ports: [{port: dns}]}]}"},
		[]string{"- b/web > a/web UDP 53", "- b/web > a/web TCP 53"}},
	{"named port of UDP", []string{"a {podSelector: {}, ingress: [{ports: [{protocol: UDP, port: dns}]}]}"},
		[]string{"+ b/web > a/web UDP 53", "- b/web > a/web TCP 53"}},
	{"named port nobody has", []string{"a {podSelector: {}, ingress: [{ports: [{port: none}]}]}"},
		[]string{"- b/web > a/web TCP 80", "- b/web > a/db TCP 8080"}},
	{"named port beside numbers", []string{"a {podSelector: {}, ingress: [{ports: [{port: http}, {port: 5432}]}]}"},
		[]string{"+ b/web > a/web TCP 80", "+ b/web > a/web TCP 5432", "+ b/web > a/db TCP 8080", "- b/web > a/db TCP 80"}},
	{"named egress port is each target's own", []string{"c {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}"},
		[]string{"+ c/old > a/web TCP 80", "+ c/old > a/db TCP 8080", "+ c/old > b/web TCP 8000", "- c/old > b/web TCP 80", "- c/old > far TCP 80"}},
	{"named egress port of chosen targets", []string{"c {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {team: red}}}], ports: [{port: http}]}]}"},
		[]string{"+ c/old > a/web TCP 80", "- c/old > b/web TCP 8000"}},
	{"named egress port within an ipBlock", []string{"c {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.244.0.0/30}}], ports: [{port: http}]}]}"},
		[]string{"+ c/old > a/web TCP 80", "+ c/old > a/db TCP 8080", "- c/old > b/web TCP 8000"}},
	{"peers and ports belong together", []string{"a {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}], ports: [{port: 5432}]}, {from: [{namespaceSelector: {matchLabels: {team: blue}}}], ports: [{port: 8080}]}]}"},
		[]string{"+ a/web > a/db TCP 5432", "- a/web > a/db TCP 8080", "+ b/web > a/db TCP 8080", "- b/web > a/db TCP 5432"}},
	{"policies add up", []string{"a {podSelector: {}}", "a {podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 1}]}]}", "a {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}}], ports: [{port: 2}]}]}"},
		[]string{"+ c/old > a/db TCP 1", "+ b/web > a/db TCP 2", "- c/old > a/db TCP 2", "- b/web > a/web TCP 1"}},
	{"both ends must allow", []string{"a {podSelector: {}, ingress: [{ports: [{port: 1}, {port: 2}]}]}", "b {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 2}, {port: 3}]}]}"},
		[]string{"- b/web > a/db TCP 1", "+ b/web > a/db TCP 2", "- b/web > a/db TCP 3", "+ c/old > a/db TCP 1", "+ b/web > far TCP 3"}},
	{"allowing one end is not allowing the other", []string{"b {podSelector: {}, policyTypes: [Egress], egress: [{}]}", "a {podSelector: {}}"},
		[]string{"- b/web > a/db TCP 1", "+ b/web > c/old TCP 1"}},
	{"a pod reaches itself", []string{"a {podSelector: {}, policyTypes: [Ingress, Egress]}"},
		[]string{"+ a/db > a/db TCP 5432", "- a/db > a/web TCP 80"}},
	{"the node is always let in and out", []string{"a {podSelector: {}, policyTypes: [Ingress, Egress]}"},
		[]string{"+ node > a/db TCP 5432", "+ a/db > node UDP 53", "+ a/db > node TCP 6443"}},
	{"pods on the node's address are not isolated", []string{"b {podSelector: {}, policyTypes: [Ingress, Egress]}"},
		[]string{"+ a/db > node TCP 1", "+ node > a/db TCP 1"}},
	{"finished pods are no subjects", []string{"b {podSelector: {}, policyTypes: [Ingress, Egress]}"},
		[]string{"+ a/db > b/job TCP 1", "+ b/crash > a/db TCP 1"}},
	{"finished pods are no peers", []string{"a {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"},
		[]string{"- b/job > a/db TCP 1", "- b/crash > a/db TCP 1", "+ b/web > a/db TCP 1"}},
	{"terminating pods are subjects", []string{"c {podSelector: {matchLabels: {app: old}}}"},
		[]string{"- a/db > c/old TCP 1"}},
	{"terminating pods are peers", []string{"a {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: old}}}]}]}"},
		[]string{"+ c/old > a/db TCP 1", "- b/web > a/db TCP 1"}},
	{"strangers wait while a subject has no address", []string{"c {podSelector: {matchLabels: {app: late}}}"},
		[]string{"- a/db > new TCP 1", "+ new > a/db TCP 1", "+ a/db > b/web TCP 1", "+ a/db > far TCP 1"}},
	{"strangers wait in the direction of the policy", []string{"c {podSelector: {matchLabels: {app: late}}, policyTypes: [Egress]}"},
		[]string{"+ a/db > new TCP 1", "- new > a/db TCP 1", "+ new > node TCP 6443", "+ node > new TCP 80"}},
	{"nobody waits for a pod that is not scheduled", []string{"c {podSelector: {matchLabels: {app: stuck}}}"},
		[]string{"+ a/db > new TCP 1"}},
}

func TestCompile(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := clusterWith(t, c.policies)
			rules := o.compile()
			for _, text := range c.connections {
				want := text[0] == '+'
				connection := parseConnection(t, text[2:])
				if got := rules.lets(connection); got != want {
					t.Errorf("%s: %t", text, got)
				}
				if o.allowed(connection) != want {
					t.Errorf("%s: the plain definition disagrees", text)
				}
			}
		})
	}
}

func TestPodsThatNoPolicyConcernsChangeNothing(t *testing.T) {
	o := clusterWith(t, []string{"a {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"})
	before := o.compile()
	o.Pods = slices.DeleteFunc(o.Pods, func(pod *core.Pod) bool { return pod.Namespace == "b" })
	if after := o.compile(); !reflect.DeepEqual(before, after) {
		t.Errorf("%+v became %+v", before, after)
	}
	if rules := clusterWith(t, nil).compile(); !reflect.DeepEqual(rules, Ruleset{}) {
		t.Errorf("without a policy: %+v", rules)
	}
}

// Where two pods claim one address, the newer one has it.
func TestAnAddressBelongsToTheNewestPod(t *testing.T) {
	o := clusterWith(t, []string{"a {podSelector: {}}"})
	for _, pod := range o.Pods {
		if pod.Namespace == "b" && pod.Name == "web" {
			pod.Status.PodIP, pod.Status.PodIPs = "10.244.0.3", nil
			pod.CreationTimestamp = meta.NewTime(time.Unix(2, 0))
		}
	}
	c := parseConnection(t, "far > a/db TCP 1")
	if !o.compile().lets(c) {
		t.Error("the older pod's policy is applied to the newer one")
	}
	for _, pod := range o.Pods {
		if pod.Name == "db" {
			pod.CreationTimestamp = meta.NewTime(time.Unix(3, 0))
		}
	}
	if o.compile().lets(c) {
		t.Error("the newer pod's policy is not applied")
	}
}

// The apiserver refuses all of these; should one turn up, it lets nobody in.
func TestWhatCannotBeReadLetsNobodyIn(t *testing.T) {
	for _, rule := range []string{
		"{from: [{}]}",
		"{from: [{ipBlock: {cidr: nonsense}}]}",
		"{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [nonsense]}}]}",
		"{from: [{podSelector: {matchExpressions: [{key: app, operator: Nonsense}]}}]}",
		"{ports: [{port: 0}]}", "{ports: [{port: 65617}]}", "{ports: [{port: 81, endPort: 80}]}", "{ports: [{protocol: DCCP, port: 81}]}",
	} {
		rules := clusterWith(t, []string{"a {podSelector: {}, ingress: [" + rule + "]}"}).compile()
		if len(rules.Ingress.Allows) != 0 || !rules.Ingress.Isolated.Contains(netip.MustParseAddr("10.244.0.3")) {
			t.Errorf("%s: %+v", rule, rules.Ingress)
		}
	}
}
