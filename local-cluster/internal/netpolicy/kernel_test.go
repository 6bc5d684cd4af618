package netpolicy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"sigs.k8s.io/knftables"
)

const (
	// patience bounds what is to succeed, refusal what is to get no answer:
	// where every packet passes, an answer takes less than a millisecond.
	patience = 20 * time.Second
	refusal  = 700 * time.Millisecond
)

var (
	web   = netip.MustParseAddr("10.244.0.2") // a/web of the tables
	db    = netip.MustParseAddr("10.244.0.3") // a/db
	other = netip.MustParseAddr("10.244.0.4") // b/web
)

// newKernel makes three pods, each with servers on TCP ports 80 and 81.
func newKernel(t *testing.T) (*network, func(policies ...string)) {
	t.Helper()
	if _, err := exec.LookPath("nft"); err != nil && os.Geteuid() == 0 {
		// Whoever may do everything else that this needs is not to pass without it.
		t.Fatalf("needs the program nft, of the package nftables: %v", err)
	}
	n := newNetwork(t, web, db, other)
	for _, namespace := range []*os.File{n.pods[web], n.pods[db], n.pods[other], n.node} {
		serve(t, namespace, 80)
		serve(t, namespace, 81)
	}
	tables := n.tables(t)
	return n, func(policies ...string) {
		t.Helper()
		apply(t, n, tables, clusterWith(t, policies).compile())
	}
}

func apply(t *testing.T, n *network, tables knftables.Interface, rules Ruleset) {
	t.Helper()
	tx := tables.NewTransaction()
	Render(tx, rules, podRange)
	// A program belongs to the namespace of the thread that starts it.
	if err := within(n.node, func() error { return tables.Run(t.Context(), tx) }); err != nil {
		t.Fatalf("%v\n%s", err, tx)
	}
}

// tables opens the table in the node's namespace.
func (n *network) tables(t *testing.T) (tables knftables.Interface) {
	t.Helper()
	must(t, within(n.node, func() (err error) {
		tables, err = knftables.New(Family, Table)
		return err
	}))
	return tables
}

// serve answers with what it is sent, on every address of the namespace.
func serve(t *testing.T, namespace *os.File, port int) {
	t.Helper()
	var listener net.Listener
	must(t, within(namespace, func() (err error) {
		listener, err = net.Listen("tcp", fmt.Sprintf(":%d", port))
		return err
	}))
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn) // Its client notices what fails.
			}()
		}
	}()
}

// dial connects and proves by an echo that both ways work.
func dial(namespace *os.File, target string, timeout time.Duration) (conn net.Conn, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err = within(namespace, func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", target)
		return err
	})
	if err != nil {
		return nil, err
	}
	return conn, echo(conn, timeout)
}

func echo(conn net.Conn, timeout time.Duration) error {
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("x")); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 1))
	return err
}

// check makes all attempts at once. Each is "+" or "-", a pod or the node,
// and where it dials.
func (n *network) check(t *testing.T, attempts ...string) {
	t.Helper()
	var group sync.WaitGroup
	for _, text := range attempts {
		fields := strings.Fields(text)
		namespace := n.node
		if fields[1] != "node" {
			namespace = n.pods[netip.MustParseAddr(names[fields[1]])]
		}
		group.Go(func() {
			if fields[0] == "+" {
				conn, err := dial(namespace, fields[2], patience)
				if err != nil {
					t.Errorf("%s: %v", text, err)
					return
				}
				conn.Close()
				return
			}
			// An answer, a refusal too, would mean that the packet arrived.
			if _, err := dial(namespace, fields[2], refusal); !isTimeout(err) {
				t.Errorf("%s: %v", text, err)
			}
		})
	}
	group.Wait()
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestKernelAllowsAndDenies(t *testing.T) {
	n, apply := newKernel(t)
	open := []string{
		"+ a/web 10.244.0.3:80", "+ a/web 10.244.0.3:81", "+ b/web 10.244.0.3:80", "+ b/web 10.244.0.3:81", "+ a/db 10.244.0.4:80",
		"+ a/web 10.244.0.4:80", "+ node 10.244.0.3:81", "+ a/db 10.244.0.1:80", "+ a/web 10.244.0.1:80",
	}
	n.check(t, open...)
	ingress := "a {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}"
	apply(ingress)
	n.check(t, "+ a/web 10.244.0.3:80", "- a/web 10.244.0.3:81", "- b/web 10.244.0.3:80", "- b/web 10.244.0.3:81",
		"+ a/db 10.244.0.4:80", "+ node 10.244.0.3:81", "+ a/db 10.244.0.1:80")
	apply(ingress, "a {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}")
	n.check(t, "+ a/web 10.244.0.3:80", "- a/web 10.244.0.3:81", "- a/web 10.244.0.4:80", "+ a/web 10.244.0.1:80", "+ b/web 10.244.0.2:80")
	apply("a {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.244.0.4/32]}}], ports: [{port: 80, endPort: 65535}]}]}")
	n.check(t, "+ a/web 10.244.0.3:81", "- b/web 10.244.0.3:81", "+ node 10.244.0.3:80")
	apply()
	n.check(t, open...)
}

// c/late of the tables waits for its address; c/old and a stranger live here.
func TestKernelHoldsStrangersBack(t *testing.T) {
	n, _ := newKernel(t)
	tables := n.tables(t)
	o := clusterWith(t, []string{"c {podSelector: {matchLabels: {app: late}}, ingress: [{ports: [{port: 80}]}]}"})
	for _, pod := range o.Pods {
		if pod.Namespace == "b" {
			pod.Status.PodIP, pod.Status.PodIPs = "10.244.0.200", nil // Another one has its address here.
		}
	}
	n.check(t, "+ a/web 10.244.0.4:81")
	apply(t, n, tables, o.compile())
	n.check(t, "- a/web 10.244.0.4:80", "- a/web 10.244.0.4:81", "+ a/web 10.244.0.3:81", "+ node 10.244.0.4:81", "+ b/web 10.244.0.3:80")
	for _, pod := range o.Pods {
		if pod.Name == "late" {
			pod.Status.PodIP = other.String()
		}
	}
	apply(t, n, tables, o.compile())
	n.check(t, "+ a/web 10.244.0.4:80", "- a/web 10.244.0.4:81")
}

// The rules of kube-proxy for one Service with one endpoint, in short.
const service = `add table ip proxy
add chain ip proxy pre { type nat hook prerouting priority dstnat ; }
add chain ip proxy post { type nat hook postrouting priority srcnat ; }
add rule ip proxy pre ip daddr 10.96.0.5 tcp dport 8080 ip saddr 10.244.0.3 mark set 0x4000
add rule ip proxy pre ip daddr 10.96.0.5 tcp dport 8080 dnat to 10.244.0.3:80
add rule ip proxy post mark 0x4000 masquerade
`

func (n *network) addService(t *testing.T) {
	t.Helper()
	must(t, within(n.node, func() error {
		command := exec.CommandContext(t.Context(), "nft", "-f", "-")
		command.Stdin = strings.NewReader(service)
		return command.Run()
	}))
}

func TestKernelSeesThroughServices(t *testing.T) {
	n, apply := newKernel(t)
	n.addService(t)
	n.check(t, "+ a/web 10.96.0.5:8080", "+ b/web 10.96.0.5:8080", "+ a/db 10.96.0.5:8080")
	apply("a {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}]}")
	n.check(t, "+ a/web 10.96.0.5:8080", "- b/web 10.96.0.5:8080", "+ a/db 10.96.0.5:8080", "- a/db 10.244.0.2:80")
	apply("a {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.96.0.0/16}}]}]}")
	n.check(t, "- a/web 10.96.0.5:8080", "+ b/web 10.96.0.5:8080")
}

func TestKernelLetsOpenConnectionsGoOn(t *testing.T) {
	n, apply := newKernel(t)
	n.addService(t) // As in a node, where connections are tracked from the beginning.
	conn, err := dial(n.pods[other], "10.244.0.3:80", patience)
	must(t, err)
	defer conn.Close()
	apply("a {podSelector: {}}")
	n.check(t, "- b/web 10.244.0.3:80")
	must(t, echo(conn, patience))
}

func TestKernelClosesLinkLocalIPv6Too(t *testing.T) {
	n, apply := newKernel(t)
	address := ""
	must(t, within(n.pods[db], func() error {
		link, err := netlink.LinkByName("pod1")
		if err != nil {
			return err
		}
		list, err := netlink.AddrList(link, netlink.FAMILY_V6)
		for _, each := range list {
			address = each.IP.String()
		}
		return err
	}))
	if address == "" {
		t.Skip("this kernel has no IPv6")
	}
	target := fmt.Sprintf("[%s%%pod0]:80", address)
	n.check(t, "+ a/web "+target)
	apply("a {podSelector: {}}")
	n.check(t, "- a/web "+target, "- a/web 10.244.0.3:80")
	apply()
	n.check(t, "+ a/web "+target)
}
