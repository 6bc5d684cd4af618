// Finding Services with the cluster's own DNS.
package forward

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// Resolver connects to Services inside the node.
type Resolver struct {
	dialer *Dialer
	dns    *net.Resolver
	domain string
}

// NewResolver asks the DNS server at `server` (inside the namespace) for
// names below `domain`.
func NewResolver(dialer *Dialer, server, domain string) *Resolver {
	return &Resolver{
		dialer: dialer,
		domain: domain,
		dns: &net.Resolver{
			PreferGo: true,
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.Dial(ctx, network, server)
			},
		},
	}
}

// Connect dials a Service. The name is looked up for each connection, so a
// Service that was deleted and made again is found.
func (r *Resolver) Connect(ctx context.Context, f Forward) (net.Conn, error) {
	// The final dot keeps the host's search list out of it.
	name := fmt.Sprintf("%s.%s.svc.%s.", f.Service, f.Namespace, r.domain)
	addresses, err := r.dns.LookupNetIP(ctx, "ip4", name)
	if err != nil {
		return nil, fmt.Errorf("find Service %s/%s: %w", f.Namespace, f.Service, err)
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("Service %s/%s has no address", f.Namespace, f.Service)
	}
	address := net.JoinHostPort(addresses[0].String(), strconv.Itoa(f.Port))
	return r.dialer.Dial(ctx, "tcp4", address)
}
