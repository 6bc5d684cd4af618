package netpolicy

import (
	"net/netip"
	"slices"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// allowed is the API's definition, one connection at a time and as plainly as
// it can be said. It shares nothing with the code under test.
func (o objects) allowed(c connection) bool {
	if c.source == nodeAddress || c.target == nodeAddress {
		return true
	}
	source, target := o.podAt(c.source), o.podAt(c.target)
	if o.heldBack(c.source, source, networking.PolicyTypeEgress) || o.heldBack(c.target, target, networking.PolicyTypeIngress) {
		return false
	}
	if source != nil && source == target {
		return true
	}
	return o.sideAllows(networking.PolicyTypeEgress, source, target, c) && o.sideAllows(networking.PolicyTypeIngress, target, source, c)
}

func (o objects) podAt(address netip.Addr) *core.Pod {
	for _, pod := range o.Pods {
		if o.live(pod) && pod.Status.PodIP == address.String() {
			return pod
		}
	}
	return nil
}

func (o objects) live(pod *core.Pod) bool {
	return !pod.Spec.HostNetwork && pod.Status.Phase != core.PodSucceeded && pod.Status.Phase != core.PodFailed
}

// heldBack: an address of the pod range that no pod has, while a pod that is
// to be isolated has none.
func (o objects) heldBack(address netip.Addr, pod *core.Pod, kind networking.PolicyType) bool {
	if pod != nil || !podRange.Contains(address) {
		return false
	}
	for _, waiting := range o.Pods {
		placed := waiting.Spec.NodeName != "" || len(waiting.Status.Conditions) == 0
		if o.live(waiting) && waiting.Status.PodIP == "" && placed && len(o.policiesOn(waiting, kind)) > 0 {
			return true
		}
	}
	return false
}

func (o objects) policiesOn(pod *core.Pod, kind networking.PolicyType) []*networking.NetworkPolicy {
	var list []*networking.NetworkPolicy
	for _, policy := range o.Policies {
		kinds := policy.Spec.PolicyTypes
		if len(kinds) == 0 {
			kinds = []networking.PolicyType{networking.PolicyTypeIngress}
			if len(policy.Spec.Egress) > 0 {
				kinds = append(kinds, networking.PolicyTypeEgress)
			}
		}
		if policy.Namespace == pod.Namespace && slices.Contains(kinds, kind) && fits(&policy.Spec.PodSelector, pod.Labels) {
			list = append(list, policy)
		}
	}
	return list
}

func fits(selector *meta.LabelSelector, set map[string]string) bool {
	read, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && read.Matches(labels.Set(set))
}

// sideAllows: `subject` is the pod a policy may isolate, `other` the pod at
// the other end, either nil if the address is no pod's.
func (o objects) sideAllows(kind networking.PolicyType, subject, other *core.Pod, c connection) bool {
	if subject == nil {
		return true
	}
	policies := o.policiesOn(subject, kind)
	if len(policies) == 0 {
		return true
	}
	for _, policy := range policies {
		if kind == networking.PolicyTypeIngress {
			for _, rule := range policy.Spec.Ingress {
				if o.peersFit(policy.Namespace, rule.From, other, c.source) && portsFit(rule.Ports, subject, c) {
					return true
				}
			}
			continue
		}
		for _, rule := range policy.Spec.Egress {
			if o.peersFit(policy.Namespace, rule.To, other, c.target) && portsFit(rule.Ports, other, c) {
				return true
			}
		}
	}
	return false
}

func (o objects) peersFit(own string, peers []networking.NetworkPolicyPeer, pod *core.Pod, address netip.Addr) bool {
	if len(peers) == 0 {
		return true
	}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			in := netip.MustParsePrefix(peer.IPBlock.CIDR).Contains(address)
			for _, except := range peer.IPBlock.Except {
				in = in && !netip.MustParsePrefix(except).Contains(address)
			}
			if in {
				return true
			}
			continue
		}
		if pod == nil {
			continue
		}
		namespaceFits := pod.Namespace == own
		if peer.NamespaceSelector != nil {
			namespaceFits = false
			for _, namespace := range o.Namespaces {
				if namespace.Name == pod.Namespace {
					namespaceFits = fits(peer.NamespaceSelector, namespace.Labels)
				}
			}
		}
		if namespaceFits && (peer.PodSelector == nil || fits(peer.PodSelector, pod.Labels)) {
			return true
		}
	}
	return false
}

// portsFit: `receiver` is the pod whose names count, nil if there is none.
func portsFit(ports []networking.NetworkPolicyPort, receiver *core.Pod, c connection) bool {
	for _, port := range ports {
		protocol := core.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		switch {
		case protocol != c.protocol:
		case port.Port == nil:
			return true
		case port.Port.Type == intstr.Int:
			last := port.Port.IntVal
			if port.EndPort != nil {
				last = *port.EndPort
			}
			if port.Port.IntVal <= int32(c.port) && int32(c.port) <= last {
				return true
			}
		case receiver != nil && hasPort(receiver, port.Port.StrVal, protocol, c.port):
			return true
		}
	}
	return len(ports) == 0
}

func hasPort(pod *core.Pod, name string, protocol core.Protocol, number uint16) bool {
	containers := slices.Clone(pod.Spec.Containers)
	for _, init := range pod.Spec.InitContainers {
		if init.RestartPolicy != nil {
			containers = append(containers, init)
		}
	}
	for _, container := range containers {
		for _, port := range container.Ports {
			declared := port.Protocol
			if declared == "" {
				declared = core.ProtocolTCP
			}
			if port.Name == name && declared == protocol && port.ContainerPort == int32(number) {
				return true
			}
		}
	}
	return false
}
