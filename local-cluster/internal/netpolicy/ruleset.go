// Package netpolicy enforces NetworkPolicies on the local node. It is a test
// aid: one node, IPv4, one bridge. In: policies, pods and namespaces from the
// apiserver. Out: one nftables table in the node's network namespace.
// Compile decides and is pure, Render writes the decision down as one
// transaction, Enforcer is the loop around both. This file is the decision.
package netpolicy

import core "k8s.io/api/core/v1"

// Ruleset is what the node is to enforce: a new connection between two
// addresses passes only if both directions let it. Whatever is not named here
// passes.
type Ruleset struct {
	// Egress is asked for the source of a connection, Ingress for its target.
	Egress, Ingress Direction
	// Isolated holds the pods of both directions. A pod always reaches itself,
	// through a Service too.
	Isolated Addresses
	// Known holds the addresses of all pods where somebody is held back, and is
	// empty where it does not matter: then no pod changes the decision by
	// coming and going.
	Known Addresses
	// HoldEgress keeps back what comes from pod addresses that nobody knows,
	// because a pod that a policy selects is about to get one of them.
	// HoldIngress does the same for what goes to such addresses.
	HoldEgress, HoldIngress bool
}

// Empty tells that everything passes.
func (r Ruleset) Empty() bool { return len(r.Isolated) == 0 && !r.Holds() }

// Holds tells that strangers are held back in some direction.
func (r Ruleset) Holds() bool { return r.HoldEgress || r.HoldIngress }

// Direction is one side of the decision: who is isolated, and what isolated
// pods may do all the same.
type Direction struct {
	Isolated Addresses
	Allows   []Allow
}

// Allow lets connections through that fit all of its parts.
type Allow struct {
	Source, Target Addresses
	// Ports empty means every port of every protocol.
	Ports []PortRange
	// Policy says where it comes from, as namespace/name.
	Policy string
}

// PortRange is a range of ports of one protocol, both ends included.
type PortRange struct {
	Protocol    core.Protocol
	First, Last uint16
}
