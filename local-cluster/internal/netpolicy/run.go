// The loop: compile what the watches know, and write the table when the
// decision changed.
package netpolicy

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/knftables"

	"rerp.dev/local-cluster/internal/supervise"
)

const (
	// settle lets the events of one change arrive together. It is far shorter
	// than kubelet needs to make a pod's network.
	settle = 20 * time.Millisecond
	// rewriteEvery repairs what somebody else did to the table.
	rewriteEvery = time.Minute
)

// Enforcer keeps the table equal to the policies.
type Enforcer struct {
	Client kubernetes.Interface
	// Tables is the table of this package in the node's network namespace.
	Tables knftables.Interface
	// PodRange is where pods get their addresses from.
	PodRange netip.Prefix
	// Sandboxes is asked for addresses that the apiserver does not know yet.
	Sandboxes *Sandboxes

	listers
	// applied is what was written last; it is stale when somebody else may
	// have changed the table, or the last attempt failed.
	applied Ruleset
	stale   bool
	// heldSince is when the first of those pods began to wait for whose sake
	// strangers are held back.
	heldSince time.Time
	// said is the last complaint about the container runtime.
	said string
}

// Run works until the context ends, and fails when the table could not be
// written several times in a row. The table stays as it is at the end:
// whoever starts next takes it over.
func (e *Enforcer) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	if err := e.watch(ctx, e.Client, wake); err != nil {
		return err
	}
	log.Printf("network policies: enforced from now on")
	return e.loop(ctx, wake)
}

func (e *Enforcer) loop(ctx context.Context, wake <-chan struct{}) error {
	rewrite := time.NewTicker(rewriteEvery)
	defer rewrite.Stop()
	e.stale = true
	var backoff supervise.Backoff
	for ctx.Err() == nil {
		err := e.pass(ctx)
		if err == nil {
			backoff = supervise.Backoff{}
			e.awaitChange(ctx, wake, rewrite.C)
			continue
		}
		delay, again := backoff.Next(0)
		if !again && ctx.Err() == nil {
			return fmt.Errorf("network policies, last of several attempts: %w", err)
		}
		log.Printf("network policies: %v; next attempt in %s", err, delay)
		pause(ctx, delay)
	}
	return nil
}

func (e *Enforcer) awaitChange(ctx context.Context, wake <-chan struct{}, rewrite <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-rewrite:
		e.stale = true
	case <-e.askAgain():
	case <-wake:
		pause(ctx, settle)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// pass looks at everything once and writes the table if it is to change.
func (e *Enforcer) pass(ctx context.Context) error {
	policies, err := e.policies.List(labels.Everything())
	if err != nil {
		return err
	}
	pods, err := e.pods.List(labels.Everything())
	if err != nil {
		return err
	}
	namespaces, err := e.namespaces.List(labels.Everything())
	if err != nil {
		return err
	}
	rules := e.decide(ctx, policies, pods, namespaces)
	changed := !reflect.DeepEqual(e.applied, rules)
	if !changed && !e.stale {
		return nil
	}
	e.stale = true
	tx := e.Tables.NewTransaction()
	Render(tx, rules, e.PodRange)
	if err := e.Tables.Run(ctx, tx); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	if rules.Holds() && !e.applied.Holds() {
		e.heldSince = time.Now()
	}
	e.applied, e.stale = rules, false
	if changed {
		log.Printf("network policies: %d policies as %d rules of egress and %d of ingress; strangers held back: egress %t, ingress %t",
			len(policies), len(rules.Egress.Allows), len(rules.Ingress.Allows), rules.HoldEgress, rules.HoldIngress)
	}
	return nil
}
