// Matches of nftables rules, as text. Their sets are anonymous: they come and
// go with the rule, so nothing of an earlier table has to be found and removed.
package netpolicy

import (
	"slices"
	"strconv"
	"strings"
)

// addressMatch returns nothing for everybody.
func addressMatch(field string, addresses Addresses) []string {
	if addresses.All() {
		return nil
	}
	return []string{field, set(addresses)}
}

// portMatches returns one match per protocol; no port ranges at all are one
// match of everything.
func portMatches(ranges []PortRange) [][]string {
	if len(ranges) == 0 {
		return [][]string{nil}
	}
	var matches [][]string
	for _, protocol := range protocols {
		name := strings.ToLower(string(protocol))
		var parts []string
		for _, r := range ranges {
			if r.Protocol == protocol {
				parts = append(parts, span(strconv.Itoa(int(r.First)), strconv.Itoa(int(r.Last))))
			}
		}
		switch {
		case slices.Contains(ranges, PortRange{protocol, 0, maxPort}):
			matches = append(matches, []string{"meta l4proto", name})
		case len(parts) > 0:
			matches = append(matches, []string{name, "dport {", strings.Join(parts, ", "), "}"})
		}
	}
	return matches
}

// set is an anonymous set of nftables; it must not be empty.
func set(addresses Addresses) string {
	parts := make([]string, len(addresses))
	for i, r := range addresses {
		parts[i] = span(r.First.String(), r.Last.String())
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// pairs is a set of every address with itself: nftables can't compare two
// fields of a packet.
func pairs(addresses Addresses) string {
	var parts []string
	for _, r := range addresses {
		for address := r.First; r.First.Compare(address) <= 0 && address.Compare(r.Last) <= 0; address = address.Next() {
			parts = append(parts, address.String()+" . "+address.String())
		}
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func span(first, last string) string {
	if first == last {
		return first
	}
	return first + "-" + last
}
