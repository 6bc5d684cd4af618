// From the decision to nftables: three chains of fixed names, filled anew in
// one transaction, so that every packet meets all of the old rules or all of
// the new ones.
package netpolicy

import (
	"net/netip"

	"sigs.k8s.io/knftables"
)

const (
	// Table is the nftables table that belongs to this package alone.
	Table = "rerp-network-policy"
	// Family covers IPv6 too: two pods on one bridge have link-local addresses.
	Family = knftables.InetFamily

	forwardChain = "forward"
	egressChain  = "egress"
	ingressChain = "ingress"
	// After kube-proxy's own filter: it refuses connections to Services
	// without endpoints with an answer, which is quicker than our silence.
	priority = knftables.FilterPriority + "+10"
)

// Render adds to the transaction what turns the table, whatever it held
// before, into these rules. podRange is where pods get their addresses from.
//
// Only the forward hook is used. It sees what goes between pods, after
// Services have become pod addresses and before sources are masqueraded.
// What goes between a pod and the node itself never passes it.
func Render(tx *knftables.Transaction, rules Ruleset, podRange netip.Prefix) {
	tx.Add(&knftables.Table{})
	if rules.Empty() {
		tx.Delete(&knftables.Table{})
		return
	}
	// The base chain is emptied, not replaced: of two base chains one packet
	// could meet the old one after and the new one before the change.
	for _, chain := range []knftables.Chain{baseChain(), {Name: egressChain}, {Name: ingressChain}} {
		tx.Add(&chain)
		tx.Flush(&chain)
	}
	renderForward(tx, rules, podRange)
	renderDirection(tx, egressChain, rules.Egress)
	renderDirection(tx, ingressChain, rules.Ingress)
}

func baseChain() knftables.Chain {
	return knftables.Chain{
		Name:     forwardChain,
		Type:     knftables.PtrTo(knftables.FilterType),
		Hook:     knftables.PtrTo(knftables.ForwardHook),
		Priority: knftables.PtrTo(priority),
	}
}

// renderForward writes what every forwarded packet meets. A direction's chain
// returns what it allows, so that the other direction is asked too.
func renderForward(tx *knftables.Transaction, rules Ruleset, podRange netip.Prefix) {
	add := func(parts ...any) {
		tx.Add(&knftables.Rule{Chain: forwardChain, Rule: knftables.Concat(parts...)})
	}
	add("ct state established,related accept")
	// Pods have no IPv6 address that a policy could speak of.
	add("meta nfproto ipv6 drop")
	if rules.HoldEgress {
		add("ip saddr", podRange.Masked().String(), unlessKnown("ip saddr", rules.Known), "counter drop")
	}
	if rules.HoldIngress {
		add("ip daddr", podRange.Masked().String(), unlessKnown("ip daddr", rules.Known), "counter drop")
	}
	if len(rules.Isolated) > 0 {
		add("ip saddr . ip daddr", pairs(rules.Isolated), "accept")
	}
	// A rule for each range, no set: while a new set of ranges takes an old
	// one's place the kernel may find nothing in it for a moment (one packet of
	// a million did), and what isn't found here passes. Where sets are used,
	// what isn't found is dropped.
	for _, r := range rules.Egress.Isolated {
		add("ip saddr", span(r.First.String(), r.Last.String()), "jump", egressChain)
	}
	for _, r := range rules.Ingress.Isolated {
		add("ip daddr", span(r.First.String(), r.Last.String()), "jump", ingressChain)
	}
}

func unlessKnown(field string, known Addresses) []string {
	if len(known) == 0 {
		return nil
	}
	return []string{field, "!=", set(known)}
}

func renderDirection(tx *knftables.Transaction, chain string, direction Direction) {
	for _, allow := range direction.Allows {
		comment := allow.Policy
		if len(comment) > knftables.CommentLengthMax {
			comment = comment[:knftables.CommentLengthMax]
		}
		for _, ports := range portMatches(allow.Ports) {
			tx.Add(&knftables.Rule{
				Chain:   chain,
				Rule:    knftables.Concat(addressMatch("ip saddr", allow.Source), addressMatch("ip daddr", allow.Target), ports, "return"),
				Comment: &comment,
			})
		}
	}
	tx.Add(&knftables.Rule{Chain: chain, Rule: "counter drop"})
}
