// Package forward leads connections from the host's 127.0.0.1 into a node's
// network namespace. In: a namespace file, listeners, targets. Out: copied
// bytes. It must never dial an address of the node from the host's own
// namespace: such a packet would leave by the machine's real interface.
package forward

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const dialTimeout = 10 * time.Second

// Dialer dials inside another network namespace.
type Dialer struct{ inner, host *os.File }

// NewDialer opens the namespace at path, e.g. /proc/<pid>/ns/net.
func NewDialer(path string) (*Dialer, error) {
	inner, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the node's network: %w", err)
	}
	host, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		inner.Close()
		return nil, fmt.Errorf("open the host's network: %w", err)
	}
	return &Dialer{inner: inner, host: host}, nil
}

// Dial connects to a literal address inside the namespace. A socket belongs
// to the namespace of the thread that made it, so the dial happens on a
// thread of its own which enters the namespace first.
func (d *Dialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread()
		if err := unix.Setns(int(d.inner.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- result{err: fmt.Errorf("enter the node's network: %w", err)}
			return // The thread ends with this goroutine: it is still locked.
		}
		dialer := net.Dialer{Timeout: dialTimeout}
		conn, err := dialer.DialContext(ctx, network, address)
		if unix.Setns(int(d.host.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- result{conn: conn, err: err}
	}()
	r := <-done
	return r.conn, r.err
}
