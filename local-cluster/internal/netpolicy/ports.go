// Ports of rules: numbers, ranges, and names that each target resolves itself.
package netpolicy

import (
	"cmp"
	"net/netip"
	"slices"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

const maxPort = 65535

// namedPort finds the number of a named port pod by pod: it is the target's
// own, and a target that has none of that name is not reached by it.
func (w world) namedPort(source, target Addresses, protocol core.Protocol, port, policy string) []Allow {
	byNumber := map[uint16][]netip.Addr{}
	for _, e := range w.endpoints {
		for _, p := range e.ports {
			if p.Name != port || protocolOf(&p.Protocol) != protocol || p.ContainerPort < 1 || p.ContainerPort > maxPort {
				continue
			}
			for _, address := range e.addresses {
				if target.Contains(address) {
					number := uint16(p.ContainerPort)
					byNumber[number] = append(byNumber[number], address)
				}
			}
		}
	}
	var list []Allow
	for number, addresses := range byNumber {
		ports := []PortRange{{protocol, number, number}}
		list = append(list, Allow{source, addressesOf(addresses...), ports, policy})
	}
	slices.SortFunc(list, func(a, b Allow) int { return cmp.Compare(a.Ports[0].First, b.Ports[0].First) })
	return list
}

// numericPort returns the range of a port that has no name. The apiserver
// refuses ranges that are none; should one turn up, it holds nothing.
func numericPort(port networking.NetworkPolicyPort) []PortRange {
	protocol := protocolOf(port.Protocol)
	if port.Port == nil {
		return []PortRange{{protocol, 0, maxPort}}
	}
	first, last := port.Port.IntVal, port.Port.IntVal
	if port.EndPort != nil {
		last = *port.EndPort
	}
	if first < 1 || last < first || last > maxPort {
		return nil
	}
	return []PortRange{{protocol, uint16(first), uint16(last)}}
}

// protocols are those a policy may name.
var protocols = []core.Protocol{core.ProtocolTCP, core.ProtocolUDP, core.ProtocolSCTP}

// protocolOf applies the API's default.
func protocolOf(protocol *core.Protocol) core.Protocol {
	if protocol == nil || *protocol == "" {
		return core.ProtocolTCP
	}
	return *protocol
}

// mergePorts sorts the ranges and joins those that touch or overlap, so that
// equal sets of ports are equal values.
func mergePorts(list []PortRange) []PortRange {
	slices.SortFunc(list, func(a, b PortRange) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	var merged []PortRange
	for _, next := range list {
		if n := len(merged); n > 0 {
			last := &merged[n-1]
			// In int: the last port plus one would wrap.
			if last.Protocol == next.Protocol && int(next.First) <= int(last.Last)+1 {
				last.Last = max(last.Last, next.Last)
				continue
			}
		}
		merged = append(merged, next)
	}
	return merged
}
