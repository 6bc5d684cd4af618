// Adding forwards while the node runs: a small HTTP service on a socket in
// the state directory, for `rerp-node forward`.
package forward

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

type control struct {
	ctx      context.Context
	resolver *Resolver
	mu       sync.Mutex
	open     []Forward
}

// ServeControl answers on the socket in the background until ctx ends.
func ServeControl(ctx context.Context, socket string, resolver *Resolver) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", socket, err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		return err
	}
	c := &control{ctx: ctx, resolver: resolver}
	server := &http.Server{Handler: http.HandlerFunc(c.handle), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Printf("control socket: %v", err)
		}
	}()
	return nil
}

// handle opens one forward and answers with all that are open.
func (c *control) handle(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var f Forward
		if err := json.NewDecoder(io.LimitReader(r.Body, 4096)).Decode(&f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := c.add(f); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(c.open); err != nil {
		log.Printf("control socket: %v", err)
	}
}

// add opens a forward; one that is open already is left as it is.
func (c *control) add(f Forward) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, open := range c.open {
		same := open.Namespace == f.Namespace && open.Service == f.Service && open.Port == f.Port
		if same && (f.HostPort == 0 || f.HostPort == open.HostPort) {
			return nil
		}
	}
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.HostPort)))
	if err != nil {
		return err
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		f.HostPort = address.Port
	}
	c.open = append(c.open, f)
	go Serve(c.ctx, listener, func(ctx context.Context) (net.Conn, error) { return c.resolver.Connect(ctx, f) })
	return nil
}

// Add asks the keeper behind a socket for a forward and returns all that are
// open. A nil forward only lists them.
func Add(ctx context.Context, socket string, f *Forward) ([]Forward, error) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	method, body := http.MethodGet, []byte(nil)
	if f != nil {
		var err error
		if body, err = json.Marshal(f); err != nil {
			return nil, err
		}
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://keeper/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the keeper: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return nil, fmt.Errorf("the keeper refused: %s", bytes.TrimSpace(text))
	}
	var open []Forward
	return open, json.NewDecoder(response.Body).Decode(&open)
}
