// Which pods policies speak of, and what of them matters.
package netpolicy

import (
	"cmp"
	"net/netip"
	"slices"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// endpoint is a pod with a network of its own.
type endpoint struct {
	namespace string
	labels    labels.Set
	ports     []core.ContainerPort
	// addresses is empty while the pod waits for its first one.
	addresses []netip.Addr
}

// world is everything selectors choose from.
type world struct {
	endpoints  []endpoint
	namespaces map[string]labels.Set
}

func newWorld(pods []*core.Pod, namespaces []*core.Namespace) world {
	w := world{namespaces: make(map[string]labels.Set, len(namespaces))}
	for _, namespace := range namespaces {
		w.namespaces[namespace.Name] = namespace.Labels
	}
	// The newest first: where two pods claim an address, the older one has
	// lost it and its status lags behind.
	sorted := slices.SortedFunc(slices.Values(pods), func(a, b *core.Pod) int {
		return cmp.Or(
			b.CreationTimestamp.Compare(a.CreationTimestamp.Time),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
		)
	})
	taken := map[netip.Addr]bool{}
	for _, pod := range sorted {
		if !hasNetwork(pod) {
			continue
		}
		addresses := addressesOfPod(pod)
		lost := len(addresses) > 0
		addresses = slices.DeleteFunc(addresses, func(address netip.Addr) bool { return taken[address] })
		if len(addresses) == 0 && (lost || !awaitsAddress(pod)) {
			continue
		}
		for _, address := range addresses {
			taken[address] = true
		}
		w.endpoints = append(w.endpoints, endpoint{pod.Namespace, pod.Labels, portsOf(pod), addresses})
	}
	return w
}

// hasNetwork leaves out pods on the node's own address, which the API does
// not isolate, and finished ones, whose address may belong to somebody else.
func hasNetwork(pod *core.Pod) bool {
	return !pod.Spec.HostNetwork && pod.Status.Phase != core.PodSucceeded && pod.Status.Phase != core.PodFailed
}

// awaitsAddress tells whether a pod without an address is about to get one.
// What the scheduler has given up on for now is not: its next attempt changes
// the pod, and with that wakes us.
func awaitsAddress(pod *core.Pod) bool {
	if pod.Spec.NodeName != "" {
		return true
	}
	return !slices.ContainsFunc(pod.Status.Conditions, func(c core.PodCondition) bool {
		return c.Type == core.PodScheduled && c.Status == core.ConditionFalse
	})
}

func addressesOfPod(pod *core.Pod) []netip.Addr {
	texts := []string{pod.Status.PodIP}
	for _, ip := range pod.Status.PodIPs {
		texts = append(texts, ip.IP)
	}
	var addresses []netip.Addr
	for _, text := range texts {
		address, err := netip.ParseAddr(text)
		// Nothing to read means no address yet; the node has no other than IPv4.
		if err == nil && address.Is4() && !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// portsOf returns the ports of all containers that run beside each other,
// sidecars among the init containers included.
func portsOf(pod *core.Pod) []core.ContainerPort {
	var ports []core.ContainerPort
	for _, container := range pod.Spec.Containers {
		ports = append(ports, container.Ports...)
	}
	for _, container := range pod.Spec.InitContainers {
		if container.RestartPolicy != nil && *container.RestartPolicy == core.ContainerRestartPolicyAlways {
			ports = append(ports, container.Ports...)
		}
	}
	return ports
}

// choose returns the endpoints that fit both selectors. inNamespace decides
// by a namespace's name.
func (w world) choose(inNamespace func(string) bool, selector labels.Selector) []endpoint {
	var chosen []endpoint
	for _, e := range w.endpoints {
		if inNamespace(e.namespace) && selector.Matches(e.labels) {
			chosen = append(chosen, e)
		}
	}
	return chosen
}

// matcher reads a selector. The apiserver refuses what can't be read; should
// it turn up all the same, it selects nothing.
func matcher(selector *meta.LabelSelector) labels.Selector {
	read, err := meta.LabelSelectorAsSelector(selector)
	if err != nil {
		return labels.Nothing()
	}
	return read
}

func rangesOf(endpoints []endpoint) []Range {
	var ranges []Range
	for _, e := range endpoints {
		for _, address := range e.addresses {
			ranges = append(ranges, Range{address, address})
		}
	}
	return ranges
}
