// The node's network: a loopback, one bridge that holds the node's address,
// and a default route into it. No link leads out of the namespace, so no pod
// can reach anything off the machine.
package node

import (
	"fmt"
	"os"

	"github.com/vishvananda/netlink"

	"rerp.dev/local-cluster/internal/layout"
)

// uplink is the bridge kubelet and kube-proxy take for the node's interface.
const uplink = "rerp0"

func setUpNetwork() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find loopback: %w", err)
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("start loopback: %w", err)
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: uplink}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("add bridge %s: %w", uplink, err)
	}
	address, err := netlink.ParseAddr(fmt.Sprintf("%s/%d", layout.NodeAddress, layout.NodePrefix))
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(bridge, address); err != nil {
		return fmt.Errorf("give %s its address: %w", uplink, err)
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("start %s: %w", uplink, err)
	}
	route := &netlink.Route{LinkIndex: bridge.Attrs().Index, Scope: netlink.SCOPE_LINK}
	if err := netlink.RouteAdd(route); err != nil {
		// Newer library versions want the destination spelled out.
		route.Dst, _ = netlink.ParseIPNet("0.0.0.0/0")
		if err := netlink.RouteAdd(route); err != nil {
			return fmt.Errorf("add default route: %w", err)
		}
	}
	return setForwarding()
}

func setForwarding() error {
	for _, path := range []string{
		"/proc/sys/net/ipv4/ip_forward",
		// Replies between two pods on one bridge must pass conntrack, or the
		// address of a Service is not put back.
		"/proc/sys/net/bridge/bridge-nf-call-iptables",
		// What goes between two pods' link-local addresses must pass the
		// firewall too, or it would be a way around network policies.
		"/proc/sys/net/bridge/bridge-nf-call-ip6tables",
	} {
		if err := os.WriteFile(path, []byte("1"), 0o644); err != nil {
			return fmt.Errorf("set %s: %w", path, err)
		}
	}
	return nil
}
