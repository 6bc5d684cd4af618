// Sets of IPv4 addresses as sorted ranges that neither touch nor overlap, so
// that equal sets are equal values and nftables takes them as they are.
package netpolicy

import (
	"net/netip"
	"slices"

	networking "k8s.io/api/networking/v1"
	netutils "k8s.io/utils/net"
)

// Range is a range of IPv4 addresses, both ends included.
type Range struct{ First, Last netip.Addr }

// Addresses is a set of addresses; the zero value is the empty set.
type Addresses []Range

var (
	firstAddress = netip.AddrFrom4([4]byte{})
	lastAddress  = netip.AddrFrom4([4]byte{255, 255, 255, 255})
)

// everybody is the set of all addresses.
func everybody() Addresses { return Addresses{{firstAddress, lastAddress}} }

// All tells that the set holds every address.
func (a Addresses) All() bool {
	return len(a) == 1 && a[0] == Range{firstAddress, lastAddress}
}

// Contains tells whether the address is in the set.
func (a Addresses) Contains(address netip.Addr) bool {
	return slices.ContainsFunc(a, func(r Range) bool {
		return r.First.Compare(address) <= 0 && address.Compare(r.Last) <= 0
	})
}

// addressesOf returns the set of the given addresses.
func addressesOf(list ...netip.Addr) Addresses {
	ranges := make([]Range, 0, len(list))
	for _, address := range list {
		ranges = append(ranges, Range{address, address})
	}
	return union(ranges)
}

// union sorts the ranges and joins those that touch or overlap.
func union(ranges []Range) Addresses {
	sorted := slices.SortedFunc(slices.Values(ranges), func(a, b Range) int { return a.First.Compare(b.First) })
	var merged Addresses
	for _, next := range sorted {
		if n := len(merged); n > 0 {
			last := &merged[n-1]
			// The address after the last one of all is no address: nothing can follow it.
			if after := last.Last.Next(); !after.Is4() || next.First.Compare(after) <= 0 {
				if next.Last.Compare(last.Last) > 0 {
					last.Last = next.Last
				}
				continue
			}
		}
		merged = append(merged, next)
	}
	return merged
}

// without returns the ranges with one range taken out.
func without(ranges []Range, out Range) []Range {
	var rest []Range
	for _, r := range ranges {
		if r.Last.Compare(out.First) < 0 || r.First.Compare(out.Last) > 0 {
			rest = append(rest, r)
			continue
		}
		if r.First.Compare(out.First) < 0 {
			rest = append(rest, Range{r.First, out.First.Prev()})
		}
		if r.Last.Compare(out.Last) > 0 {
			rest = append(rest, Range{out.Last.Next(), r.Last})
		}
	}
	return rest
}

// blockRanges returns the addresses of an ipBlock. A block that is not IPv4
// holds nobody here. The apiserver refuses what can't be read; should it turn
// up all the same, the block holds nobody rather than too many.
func blockRanges(block *networking.IPBlock) []Range {
	whole, readable, v4 := parseCIDR(block.CIDR)
	if !readable || !v4 {
		return nil
	}
	ranges := []Range{whole}
	for _, text := range block.Except {
		except, readable, v4 := parseCIDR(text)
		if !readable {
			return nil
		}
		if v4 {
			ranges = without(ranges, except)
		}
	}
	return ranges
}

// parseCIDR reads a CIDR as the apiserver does, leading zeros included.
func parseCIDR(text string) (r Range, readable, v4 bool) {
	_, network, err := netutils.ParseCIDRSloppy(text)
	if err != nil {
		return Range{}, false, false
	}
	first, ok := netip.AddrFromSlice(network.IP)
	bits, size := network.Mask.Size()
	if !ok || size != 32 {
		return Range{}, true, false
	}
	last := first.As4()
	for bit := bits; bit < size; bit++ {
		last[bit/8] |= 1 << (7 - bit%8)
	}
	return Range{first, netip.AddrFrom4(last)}, true, true
}
