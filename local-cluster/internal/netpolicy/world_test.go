package netpolicy

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

// podRange and nodeAddress are those of the layout, written down again: a
// test that computes them would follow a mistake.
var (
	podRange    = netip.MustParsePrefix("10.244.0.0/16")
	nodeAddress = netip.MustParseAddr("172.30.0.2")
)

// cluster is the world of the table tests.
const cluster = `
namespaces:
- metadata: {name: a, labels: {team: red, kubernetes.io/metadata.name: a}}
- metadata: {name: b, labels: {team: blue, kubernetes.io/metadata.name: b}}
- metadata: {name: c, labels: {kubernetes.io/metadata.name: c}}
pods:
- metadata: {namespace: a, name: web, labels: {app: web, tier: front}}
  spec:
    containers:
    - ports: [{name: http, containerPort: 80}, {name: dns, containerPort: 53, protocol: UDP}]
    - ports: [{name: metrics, containerPort: 9090}]
  status: {podIP: 10.244.0.2, podIPs: [{ip: 10.244.0.2}], phase: Running}
- metadata: {namespace: a, name: db, labels: {app: db}}
  spec:
    containers: [{ports: [{name: sql, containerPort: 5432}, {name: http, containerPort: 8080}]}]
    initContainers:
    - {restartPolicy: Always, ports: [{name: side, containerPort: 7000}]}
    - {ports: [{name: once, containerPort: 7001}]}
  status: {podIP: 10.244.0.3, podIPs: [{ip: 10.244.0.3}], phase: Running}
- metadata: {namespace: b, name: web, labels: {app: web}}
  spec: {containers: [{ports: [{name: http, containerPort: 8000}]}]}
  status: {podIP: 10.244.0.4, podIPs: [{ip: 10.244.0.4}, {ip: "fd00::4"}], phase: Running}
- metadata: {namespace: b, name: job, labels: {app: web}}
  status: {podIP: 10.244.0.5, podIPs: [{ip: 10.244.0.5}], phase: Succeeded}
- metadata: {namespace: b, name: crash, labels: {app: web}}
  status: {podIP: 10.244.0.7, podIPs: [{ip: 10.244.0.7}], phase: Failed}
- metadata: {namespace: b, name: agent, labels: {app: web}}
  spec: {hostNetwork: true}
  status: {podIP: 172.30.0.2, podIPs: [{ip: 172.30.0.2}], phase: Running}
- metadata: {namespace: c, name: old, labels: {app: old}, deletionTimestamp: "2026-01-01T00:00:00Z"}
  status: {podIP: 10.244.0.6, podIPs: [{ip: 10.244.0.6}], phase: Running}
- metadata: {namespace: c, name: late, labels: {app: late}}
  spec: {nodeName: n}
  status: {phase: Pending}
- metadata: {namespace: c, name: stuck, labels: {app: stuck}}
  status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable}]}
`

// names are the addresses connections of the tables are written with.
var names = map[string]string{
	"a/web": "10.244.0.2", "a/db": "10.244.0.3", "b/web": "10.244.0.4", "b/job": "10.244.0.5", "b/crash": "10.244.0.7",
	"c/old": "10.244.0.6", "new": "10.244.0.99", "node": "172.30.0.2", "far": "192.0.2.7", "near": "192.0.2.200",
}

type objects struct {
	Policies   []*networking.NetworkPolicy
	Pods       []*core.Pod
	Namespaces []*core.Namespace
}

func (o objects) compile() Ruleset { return Compile(o.Policies, o.Pods, o.Namespaces) }

// clusterWith returns the world with policies written as one YAML document
// each: the namespace, a space, and the spec.
func clusterWith(t *testing.T, policies []string) objects {
	t.Helper()
	var o objects
	if err := yaml.UnmarshalStrict([]byte(cluster), &o); err != nil {
		t.Fatal(err)
	}
	for i, text := range policies {
		namespace, spec, _ := strings.Cut(text, " ")
		policy := &networking.NetworkPolicy{}
		policy.Namespace, policy.Name = namespace, fmt.Sprintf("p%d", i)
		if err := yaml.UnmarshalStrict([]byte(spec), &policy.Spec); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		o.Policies = append(o.Policies, policy)
	}
	return o
}

// connection is one attempt: protocol "ICMP" stands for all without ports.
type connection struct {
	source, target netip.Addr
	protocol       core.Protocol
	port           uint16
}

// parseConnection reads "a/web > b/web TCP 80".
func parseConnection(t *testing.T, text string) connection {
	t.Helper()
	fields := strings.Fields(text)
	port, err := strconv.ParseUint(fields[4], 10, 16)
	if err != nil || fields[1] != ">" || names[fields[0]] == "" || names[fields[2]] == "" {
		t.Fatalf("connection %q is not understood: %v", text, err)
	}
	return connection{
		netip.MustParseAddr(names[fields[0]]), netip.MustParseAddr(names[fields[2]]),
		core.Protocol(fields[3]), uint16(port),
	}
}

// lets evaluates a decision the way the three chains do.
func (r Ruleset) lets(c connection) bool {
	if c.source == nodeAddress || c.target == nodeAddress {
		return true // Never forwarded.
	}
	if r.HoldEgress && podRange.Contains(c.source) && !r.Known.Contains(c.source) ||
		r.HoldIngress && podRange.Contains(c.target) && !r.Known.Contains(c.target) {
		return false
	}
	if c.source == c.target && r.Isolated.Contains(c.source) {
		return true
	}
	return (!r.Egress.Isolated.Contains(c.source) || r.Egress.lets(c)) &&
		(!r.Ingress.Isolated.Contains(c.target) || r.Ingress.lets(c))
}

func (d Direction) lets(c connection) bool {
	for _, allow := range d.Allows {
		if !allow.Source.Contains(c.source) || !allow.Target.Contains(c.target) {
			continue
		}
		if len(allow.Ports) == 0 {
			return true
		}
		for _, p := range allow.Ports {
			if p.Protocol == c.protocol && p.First <= c.port && c.port <= p.Last {
				return true
			}
		}
	}
	return false
}
