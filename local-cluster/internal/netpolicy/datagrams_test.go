package netpolicy

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
)

// dropped matches the counters of the table's drop rules.
var dropped = regexp.MustCompile(`counter packets (\d+) bytes \d+ drop`)

// socket opens a UDP socket of a pod; port 0 is any.
func (n *network) socket(t *testing.T, pod netip.Addr, port uint16) *net.UDPConn {
	t.Helper()
	var conn *net.UDPConn
	must(t, within(n.pods[pod], func() (err error) {
		conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(pod, port)))
		return err
	}))
	t.Cleanup(func() { conn.Close() })
	return conn
}

// receive tells of every datagram that arrives at a port of a pod.
func (n *network) receive(t *testing.T, pod netip.Addr, port uint16, arrived chan<- string) {
	conn := n.socket(t, pod, port)
	go func() {
		buffer := make([]byte, 200)
		for {
			count, err := conn.Read(buffer)
			if err != nil {
				return
			}
			arrived <- string(buffer[:count])
		}
	}()
}

// drops counts what the table has dropped since it was written.
func (n *network) drops(t *testing.T) int {
	t.Helper()
	var text []byte
	must(t, within(n.node, func() (err error) {
		text, err = exec.CommandContext(t.Context(), "nft", "list", "table", string(Family), Table).Output()
		return err
	}))
	total := 0
	for _, match := range dropped.FindAllSubmatch(text, -1) {
		count, err := strconv.Atoi(string(match[1]))
		must(t, err)
		total += count
	}
	return total
}

// Every datagram is either received or counted as dropped, so nothing has to
// be waited for in vain.
func TestKernelAgreesWithThePlainDefinition(t *testing.T) {
	n, _ := newKernel(t)
	tables := n.tables(t)
	pods := []netip.Addr{web, db, other}
	arrived := make(chan string, 1000)
	for _, pod := range pods {
		for port := range uint16(4) {
			n.receive(t, pod, port+1, arrived)
		}
	}
	allowed, denied := 0, 0
	for seed := range uint64(60) {
		o := dice{rand.New(rand.NewPCG(seed, 2))}.world()
		rules := o.compile()
		apply(t, n, tables, rules)
		var want []string
		sent := 0
		for _, source := range pods {
			conn := n.socket(t, source, 0)
			for _, target := range pods {
				for port := range uint16(4) {
					c := connection{source, target, core.ProtocolUDP, port + 1}
					if source == target {
						continue // Stays within the pod.
					}
					text := fmt.Sprint(seed, " ", c)
					if _, err := conn.WriteToUDPAddrPort([]byte(text), netip.AddrPortFrom(target, c.port)); err != nil {
						t.Fatal(err)
					}
					sent++
					if o.allowed(c) {
						want = append(want, text)
					}
				}
			}
			conn.Close()
		}
		got := n.collect(t, arrived, rules, sent)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("arrived %q\nby the definition %q\n%s", got, want, o)
		}
		allowed, denied = allowed+len(want), denied+sent-len(want)
	}
	if allowed < 100 || denied < 100 {
		t.Errorf("%d allowed, %d denied: the worlds are too much alike", allowed, denied)
	}
}

// collect waits until everything that was sent is accounted for.
func (n *network) collect(t *testing.T, arrived <-chan string, rules Ruleset, sent int) []string {
	t.Helper()
	var got []string
	for end := time.Now().Add(patience); ; {
		for len(arrived) > 0 {
			got = append(got, <-arrived)
		}
		lost := 0
		if !rules.Empty() {
			lost = n.drops(t)
		}
		if len(got)+len(arrived)+lost >= sent {
			for len(arrived) > 0 {
				got = append(got, <-arrived)
			}
			return got
		}
		if time.Now().After(end) {
			t.Fatalf("%d sent, %d arrived, %d dropped", sent, len(got), lost)
		}
	}
}

func TestKernelRewritesWithoutAGap(t *testing.T) {
	n, _ := newKernel(t)
	tables := n.tables(t)
	closed := "a {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}"
	sets := []Ruleset{clusterWith(t, []string{closed}).compile(), clusterWith(t, []string{closed, "a {podSelector: {}}", "c {podSelector: {}}"}).compile()}
	apply(t, n, tables, sets[0])
	arrived := make(chan string, 1000)
	n.receive(t, db, 9000, arrived)
	stop := make(chan struct{})
	var senders sync.WaitGroup
	for _, source := range []netip.Addr{web, other} {
		conn := n.socket(t, source, 0)
		senders.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = conn.WriteToUDPAddrPort([]byte(source.String()), netip.AddrPortFrom(db, 9000))
				}
			}
		})
	}
	counts := map[string]int{}
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for {
			select {
			case text := <-arrived:
				counts[text]++
			case <-stop:
				return
			}
		}
	}()
	for i := range 100 {
		apply(t, n, tables, sets[(i+1)%2])
	}
	close(stop)
	senders.Wait()
	<-counted
	if counts[web.String()] == 0 || counts[other.String()] != 0 {
		t.Errorf("arrived: %v", counts)
	}
}
