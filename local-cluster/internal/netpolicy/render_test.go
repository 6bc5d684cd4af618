package netpolicy

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/knftables"
)

// rendered runs the transaction against a table that holds what an earlier
// run may have left, and returns what it holds then.
func rendered(t *testing.T, fake *knftables.Fake, rules Ruleset) string {
	t.Helper()
	tx := fake.NewTransaction()
	Render(tx, rules, podRange)
	if err := fake.Run(t.Context(), tx); err != nil {
		t.Fatalf("%v\n%s", err, tx)
	}
	return fake.Dump()
}

func TestRender(t *testing.T) {
	rules := clusterWith(t, []string{
		"a {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 1}, {port: 3, endPort: 9}, {port: 5, endPort: 11}, {port: 12}, {protocol: UDP}, {port: http}]}]}",
		"c {podSelector: {}, ingress: [{}]}",
	}).compile()
	want := `add table inet rerp-network-policy
add chain inet rerp-network-policy egress
add chain inet rerp-network-policy forward { type filter hook forward priority 10 ; }
add chain inet rerp-network-policy ingress
add rule inet rerp-network-policy egress counter drop
add rule inet rerp-network-policy forward ct state established,related accept
add rule inet rerp-network-policy forward meta nfproto ipv6 drop
add rule inet rerp-network-policy forward ip daddr 10.244.0.0/16 ip daddr != { 10.244.0.2-10.244.0.4, 10.244.0.6 } counter drop
add rule inet rerp-network-policy forward ip saddr . ip daddr { 10.244.0.3 . 10.244.0.3, 10.244.0.6 . 10.244.0.6 } accept
add rule inet rerp-network-policy forward ip saddr 10.244.0.3 jump egress
add rule inet rerp-network-policy forward ip daddr 10.244.0.3 jump ingress
add rule inet rerp-network-policy forward ip daddr 10.244.0.6 jump ingress
add rule inet rerp-network-policy ingress ip saddr { 10.244.0.2-10.244.0.3, 192.0.2.0-192.0.2.255 } ip daddr { 10.244.0.3 } tcp dport { 8080 } return comment "a/p0"
add rule inet rerp-network-policy ingress ip saddr { 10.244.0.2-10.244.0.3, 192.0.2.0-192.0.2.255 } ip daddr { 10.244.0.3 } tcp dport { 1, 3-12 } return comment "a/p0"
add rule inet rerp-network-policy ingress ip saddr { 10.244.0.2-10.244.0.3, 192.0.2.0-192.0.2.255 } ip daddr { 10.244.0.3 } meta l4proto udp return comment "a/p0"
add rule inet rerp-network-policy ingress ip daddr { 10.244.0.6 } return comment "c/p1"
add rule inet rerp-network-policy ingress counter drop
`
	fake := knftables.NewFake(Family, Table)
	if got := rendered(t, fake, rules); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := rendered(t, fake, rules); got != want {
		t.Errorf("a second time\n%s", got)
	}
}

func TestNothingIsLeftOfTheLastPolicy(t *testing.T) {
	fake := knftables.NewFake(Family, Table)
	rendered(t, fake, clusterWith(t, []string{"a {podSelector: {}}"}).compile())
	for range 2 {
		if got := rendered(t, fake, clusterWith(t, nil).compile()); got != "" {
			t.Errorf("left:\n%s", got)
		}
	}
}

// A base chain that was deleted and made anew would let a packet through
// between its old and its new rules.
func TestTheBaseChainIsKept(t *testing.T) {
	fake := knftables.NewFake(Family, Table)
	tx := fake.NewTransaction()
	Render(tx, clusterWith(t, []string{"a {podSelector: {}}"}).compile(), podRange)
	for line := range strings.Lines(tx.String()) {
		if verb := strings.Fields(line)[0]; !slices.Contains([]string{"add", "flush"}, verb) {
			t.Errorf("%s", line)
		}
	}
}

func TestLongNamesFitIntoAComment(t *testing.T) {
	rules := clusterWith(t, []string{"a {podSelector: {}, ingress: [{}]}"}).compile()
	rules.Ingress.Allows[0].Policy = strings.Repeat("n", 63) + "/" + strings.Repeat("p", 253)
	got := rendered(t, knftables.NewFake(Family, Table), rules)
	if !strings.Contains(got, `"`+rules.Ingress.Allows[0].Policy[:knftables.CommentLengthMax]+`"`) {
		t.Error(got)
	}
}
