package netpolicy

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	networklisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/knftables"
)

// tables counts transactions, tells of each, and refuses the first ones.
type tables struct {
	*knftables.Fake
	refuse  atomic.Int32
	written chan string
}

var errRefused = errors.New("refused")

func newTables() *tables {
	return &tables{Fake: knftables.NewFake(Family, Table), written: make(chan string, 100)}
}

func (t *tables) Run(ctx context.Context, tx *knftables.Transaction) error {
	if t.refuse.Add(-1) >= 0 {
		return errRefused
	}
	if err := t.Fake.Run(ctx, tx); err != nil {
		return err
	}
	t.written <- t.Dump()
	return nil
}

func (t *tables) await(test *testing.T, fits func(string) bool) {
	test.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case text := <-t.written:
			if fits(text) {
				return
			}
		case <-deadline:
			test.Fatal("the table was not written")
		}
	}
}

// enforce runs until the test ends.
func enforce(t *testing.T, e *Enforcer) {
	t.Helper()
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestTheTableFollowsThePolicies(t *testing.T) {
	client := fake.NewClientset()
	o := clusterWith(t, []string{"a {podSelector: {}}"})
	for _, namespace := range o.Namespaces {
		if err := client.Tracker().Add(namespace); err != nil {
			t.Fatal(err)
		}
	}
	for _, pod := range o.Pods {
		if err := client.Tracker().Add(pod); err != nil {
			t.Fatal(err)
		}
	}
	n := newTables()
	enforce(t, &Enforcer{Client: client, Tables: n, PodRange: podRange})
	n.await(t, func(text string) bool { return text == "" })
	policies := client.NetworkingV1().NetworkPolicies("a")
	if _, err := policies.Create(t.Context(), o.Policies[0], meta.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	n.await(t, func(text string) bool {
		return strings.Contains(text, "ip daddr 10.244.0.2-10.244.0.3 jump ingress")
	})
	if err := client.CoreV1().Pods("a").Delete(t.Context(), "db", meta.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	n.await(t, func(text string) bool { return strings.Contains(text, "ip daddr 10.244.0.2 jump ingress") })
	if err := policies.Delete(t.Context(), "p0", meta.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	n.await(t, func(text string) bool { return text == "" })
}

func TestAFailureIsRepeated(t *testing.T) {
	n := newTables()
	n.refuse.Store(2)
	policy := &networking.NetworkPolicy{ObjectMeta: meta.ObjectMeta{Namespace: "a", Name: "p"}}
	enforce(t, &Enforcer{Client: fake.NewClientset(policy), Tables: n, PodRange: podRange})
	n.await(t, func(string) bool { return n.refuse.Load() < 0 })
}

// preset is a loop whose watches have seen these policies and nothing else.
// Time passes at once in a test that has no watches running.
func preset(t *testing.T, n *tables, policies ...*networking.NetworkPolicy) *Enforcer {
	t.Helper()
	index := func() cache.Indexer { return cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{}) }
	seen := index()
	for _, policy := range policies {
		must(t, seen.Add(policy))
	}
	return &Enforcer{Tables: n, PodRange: podRange, listers: listers{
		networklisters.NewNetworkPolicyLister(seen), corelisters.NewPodLister(index()), corelisters.NewNamespaceLister(index()),
	}}
}

func TestItGivesUpAfterManyFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTables()
		n.refuse.Store(1000)
		if err := preset(t, n).loop(t.Context(), nil); !errors.Is(err, errRefused) {
			t.Errorf("%v", err)
		}
		if attempts := 1000 - n.refuse.Load(); attempts < 3 || attempts > 20 {
			t.Errorf("%d attempts", attempts)
		}
	})
}

func TestTheTableIsRepairedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTables()
		ctx, cancel := context.WithCancel(t.Context())
		e := preset(t, n)
		ended := make(chan error, 1)
		go func() { ended <- e.loop(ctx, nil) }()
		<-n.written
		<-n.written
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestOnlyAChangeIsWritten(t *testing.T) {
	n := newTables()
	e := preset(t, n, &networking.NetworkPolicy{ObjectMeta: meta.ObjectMeta{Namespace: "a", Name: "p"}})
	e.stale = true
	for range 3 {
		must(t, e.pass(t.Context()))
	}
	// After a failure nobody knows what the table holds.
	n.refuse.Store(1)
	e.applied = Ruleset{HoldIngress: true}
	if err := e.pass(t.Context()); !errors.Is(err, errRefused) || !e.stale {
		t.Errorf("%v, stale %t", err, e.stale)
	}
	must(t, e.pass(t.Context()))
	if got := len(n.written); got != 2 || e.stale {
		t.Errorf("written %d times, stale %t", got, e.stale)
	}
}
