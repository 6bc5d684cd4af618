// What goes on for as long as a node with pods lives.
package addons

import (
	"context"
	"fmt"
	"net/netip"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/knftables"

	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/netpolicy"
	"rerp.dev/local-cluster/internal/provision"
)

// serveNode does what a node with pods needs. Policies do not wait for the
// steps: when this process starts again, pods are running.
func serveNode(ctx context.Context, l layout.Layout, client kubernetes.Interface) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		enforcer, err := newEnforcer(l, client)
		if err != nil {
			return err
		}
		return enforcer.Run(ctx)
	})
	group.Go(func() error {
		if err := takeSteps(ctx, l, steps(client, false)); err != nil {
			return err
		}
		p := &provision.Provisioner{Client: client, Root: l.Volumes(), Node: layout.NodeName}
		return p.Run(ctx)
	})
	return group.Wait()
}

// newEnforcer opens the table: the process is in the node's network namespace.
func newEnforcer(l layout.Layout, client kubernetes.Interface) (*netpolicy.Enforcer, error) {
	tables, err := knftables.New(netpolicy.Family, netpolicy.Table)
	if err != nil {
		return nil, fmt.Errorf("open nftables: %w", err)
	}
	pods, err := netip.ParsePrefix(layout.PodCIDR)
	if err != nil {
		return nil, err
	}
	sandboxes, err := netpolicy.NewSandboxes(l.ContainerdSocket())
	if err != nil {
		return nil, err
	}
	return &netpolicy.Enforcer{Client: client, Tables: tables, PodRange: pods, Sandboxes: sandboxes}, nil
}
