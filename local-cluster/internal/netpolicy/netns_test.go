package netpolicy

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// network is a node's network as the pods see it: a bridge with an address,
// and namespaces connected to it. None of the namespaces has a name: the
// kernel removes them, and all that is in them, with the last thread or file
// that holds one, however the test ends.
type network struct {
	node *os.File
	pods map[netip.Addr]*os.File
}

var gateway = netip.MustParseAddr("10.244.0.1")

// newNetwork makes a node with pods at these addresses.
func newNetwork(t *testing.T, addresses ...netip.Addr) *network {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to make network namespaces")
	}
	n := &network{node: newNamespace(t), pods: map[netip.Addr]*os.File{}}
	must(t, within(n.node, setUpNode))
	for i, address := range addresses {
		pod := newNamespace(t)
		n.pods[address] = pod
		name := fmt.Sprintf("pod%d", i)
		must(t, within(n.node, func() error { return plugIn(name, pod) }))
		must(t, within(pod, func() error { return setUpPod(name, address) }))
	}
	return n
}

func newNamespace(t *testing.T) *os.File {
	t.Helper()
	var file *os.File
	err := onThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if errors.Is(err, unix.EPERM) {
		t.Skip("this root may not make network namespaces")
	}
	must(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

// onThread runs on a thread that ends afterwards: it may change its namespace.
func onThread(do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- do()
	}()
	return <-done
}

func within(namespace *os.File, do func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			return err
		}
		return do()
	})
}

// setUpNode does what the node does for itself and the bridge plugin for it.
func setUpNode() error {
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "cni0"}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return err
	}
	for _, path := range []string{"ipv4/ip_forward", "bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"} {
		if err := os.WriteFile("/proc/sys/net/"+path, []byte("1"), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(up("lo"), giveAddress("cni0", gateway), up("cni0"))
}

// plugIn connects a pod's namespace to the bridge.
func plugIn(name string, pod *os.File) error {
	bridge, err := netlink.LinkByName("cni0")
	if err != nil {
		return err
	}
	pair := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: name + "-node", MasterIndex: bridge.Attrs().Index},
		PeerName:      name,
		PeerNamespace: netlink.NsFd(int(pod.Fd())),
	}
	if err := netlink.LinkAdd(pair); err != nil {
		return err
	}
	return errors.Join(netlink.LinkSetHairpin(pair, true), up(pair.Name))
}

func setUpPod(name string, address netip.Addr) error {
	// Without the search for duplicates the link-local address works at once.
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/accept_dad", []byte("0"), 0o644); err != nil {
		return err
	}
	if err := errors.Join(up("lo"), giveAddress(name, address), up(name)); err != nil {
		return err
	}
	anywhere, err := netlink.ParseIPNet("0.0.0.0/0")
	if err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{Dst: anywhere, Gw: gateway.AsSlice()})
}

func up(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(link)
}

func giveAddress(name string, address netip.Addr) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	parsed, err := netlink.ParseAddr(address.String() + "/16")
	if err != nil {
		return err
	}
	return netlink.AddrAdd(link, parsed)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
