// From the API's objects to the decision, rule by rule as the API defines it.
package netpolicy

import (
	"cmp"
	"slices"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Compile returns what the policies mean for these pods. The result does not
// depend on the order of its input.
func Compile(policies []*networking.NetworkPolicy, pods []*core.Pod, namespaces []*core.Namespace) Ruleset {
	sorted := slices.SortedFunc(slices.Values(policies), func(a, b *networking.NetworkPolicy) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	w := newWorld(pods, namespaces)
	var egress, ingress side
	for _, policy := range sorted {
		inbound, outbound := affects(policy)
		subjects := w.choose(func(name string) bool { return name == policy.Namespace }, matcher(&policy.Spec.PodSelector))
		if inbound {
			ingress.isolate(subjects)
			for _, rule := range policy.Spec.Ingress {
				ingress.allow(w.allows(policy, w.peers(policy, rule.From), union(rangesOf(subjects)), rule.Ports))
			}
		}
		if outbound {
			egress.isolate(subjects)
			for _, rule := range policy.Spec.Egress {
				egress.allow(w.allows(policy, union(rangesOf(subjects)), w.peers(policy, rule.To), rule.Ports))
			}
		}
	}
	rules := Ruleset{
		Egress:      Direction{union(egress.isolated), egress.allows},
		Ingress:     Direction{union(ingress.isolated), ingress.allows},
		Isolated:    union(slices.Concat(egress.isolated, ingress.isolated)),
		HoldEgress:  egress.awaited,
		HoldIngress: ingress.awaited,
	}
	if rules.Holds() {
		rules.Known = union(rangesOf(w.endpoints))
	}
	return rules
}

// side gathers one direction.
type side struct {
	isolated []Range
	allows   []Allow
	// awaited says that a pod to be isolated has no address yet.
	awaited bool
}

func (s *side) isolate(subjects []endpoint) {
	s.isolated = append(s.isolated, rangesOf(subjects)...)
	s.awaited = s.awaited || slices.ContainsFunc(subjects, func(e endpoint) bool { return len(e.addresses) == 0 })
}

func (s *side) allow(list []Allow) { s.allows = append(s.allows, list...) }

// affects returns the directions a policy isolates. Without policyTypes that
// is ingress, and egress if it has egress rules.
func affects(policy *networking.NetworkPolicy) (inbound, outbound bool) {
	types := policy.Spec.PolicyTypes
	if len(types) == 0 {
		return true, len(policy.Spec.Egress) > 0
	}
	return slices.Contains(types, networking.PolicyTypeIngress), slices.Contains(types, networking.PolicyTypeEgress)
}

// peers returns the addresses a rule speaks of; a rule without peers speaks
// of everybody. A list of peers that match nobody is nobody.
func (w world) peers(policy *networking.NetworkPolicy, list []networking.NetworkPolicyPeer) Addresses {
	if len(list) == 0 {
		return everybody()
	}
	var ranges []Range
	for _, peer := range list {
		if peer.IPBlock != nil {
			ranges = append(ranges, blockRanges(peer.IPBlock)...)
			continue
		}
		ranges = append(ranges, rangesOf(w.selected(policy.Namespace, peer))...)
	}
	return union(ranges)
}

// selected returns the pods of a peer. Without a namespaceSelector they are
// in the policy's own namespace, without a podSelector they are all pods.
func (w world) selected(own string, peer networking.NetworkPolicyPeer) []endpoint {
	inNamespace := func(name string) bool { return name == own }
	if peer.NamespaceSelector != nil {
		selector := matcher(peer.NamespaceSelector)
		inNamespace = func(name string) bool {
			set, exists := w.namespaces[name]
			return exists && selector.Matches(set)
		}
	}
	if peer.PodSelector == nil {
		if peer.NamespaceSelector == nil {
			return nil // The apiserver refuses a peer without any part.
		}
		return w.choose(inNamespace, labels.Everything())
	}
	return w.choose(inNamespace, matcher(peer.PodSelector))
}

// allows returns what one rule lets through: numeric ports in one part, and
// one part for each number that a named port has on its targets.
func (w world) allows(policy *networking.NetworkPolicy, source, target Addresses, ports []networking.NetworkPolicyPort) []Allow {
	name := policy.Namespace + "/" + policy.Name
	if len(source) == 0 || len(target) == 0 {
		return nil
	}
	if len(ports) == 0 {
		return []Allow{{source, target, nil, name}}
	}
	var numeric []PortRange
	var list []Allow
	for _, port := range ports {
		if !slices.Contains(protocols, protocolOf(port.Protocol)) {
			continue // The apiserver refuses others; one would match nothing.
		}
		if port.Port != nil && port.Port.Type == intstr.String {
			list = append(list, w.namedPort(source, target, protocolOf(port.Protocol), port.Port.StrVal, name)...)
			continue
		}
		numeric = append(numeric, numericPort(port)...)
	}
	if len(numeric) > 0 {
		list = append(list, Allow{source, target, mergePorts(numeric), name})
	}
	return list
}
