// Holding strangers back. A pod has its address before the apiserver knows
// it, and must not be reached at it meanwhile if a policy says so. While such a
// pod is awaited, addresses that nobody knows are closed.
package netpolicy

import (
	"context"
	"log"
	"time"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

// askEvery is how often the container runtime is asked for the address of a
// pod that is being made.
const askEvery = 50 * time.Millisecond

// decide compiles, and where that holds strangers back, looks whether their
// addresses are known by now. Without an answer they stay held back.
func (e *Enforcer) decide(ctx context.Context, policies []*networking.NetworkPolicy, pods []*core.Pod, namespaces []*core.Namespace) Ruleset {
	rules := Compile(policies, pods, namespaces)
	if !rules.Holds() || e.Sandboxes == nil {
		return rules
	}
	completed, err := e.Sandboxes.Complete(ctx, pods)
	if err != nil {
		if err.Error() != e.said {
			e.said = err.Error()
			log.Printf("network policies: %v", err)
		}
		return rules
	}
	return Compile(policies, completed, namespaces)
}

// askAgain tells when to ask the container runtime once more: often at first,
// then less, because some pods never get as far as an address.
func (e *Enforcer) askAgain() <-chan time.Time {
	if !e.applied.Holds() {
		return nil // Never.
	}
	return time.After(min(max(askEvery, time.Since(e.heldSince)/20), time.Second))
}
