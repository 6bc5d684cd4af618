// Package broker runs NATS with JetStream as a part of this process. In: where
// it listens and keeps things, and plans. Out: a bus that lets in exactly the
// users of the last plan, and keeps its stream and consumers. It must not decide
// what a plan says.
package broker

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/crypto/bcrypt"

	"rerp.dev/bus/internal/door"
	"rerp.dev/bus/internal/plan"
)

// patience is how long the server may take to come up: it reads its whole store.
const patience = 4 * time.Minute

// Config is where the bus runs.
type Config struct {
	// Name of the server, shown to clients.
	Name string
	// Listen is where clients connect, as in 0.0.0.0:4222.
	Listen string
	// Store is the folder of the stream.
	Store string
	// Sync is how long an acknowledged event may be in memory alone; 0: not at all.
	Sync time.Duration
	// TLS shows each connection the newest certificate, and wants one of the client.
	TLS *tls.Config
	// Trusts tells whether a client's certificate would still be taken.
	Trusts func(*x509.Certificate) bool
	// Again is how long a connection may outlive its certificate; half a minute
	// unless told otherwise.
	Again time.Duration
}

// Broker is a bus that runs.
type Broker struct {
	config Config
	// word is how the server knows its own process. It was made when the process
	// began and never leaves it; the server compares hashes.
	word     string
	hash     string
	server   *server.Server
	line     *nats.Conn
	streams  jetstream.JetStream
	door     *door.Door
	listener net.Listener
	closed   chan struct{}
	plan     atomic.Pointer[plan.Plan]
}

// Start runs a bus that lets nobody in yet.
func Start(config Config, log *slog.Logger) (*Broker, error) {
	word := rand.Text()
	// Nobody can guess the word, so the hash may be a cheap one.
	hash, err := bcrypt.GenerateFromPassword([]byte(word), bcrypt.MinCost)
	if err != nil {
		return nil, fmt.Errorf("hash a word: %w", err)
	}
	broker := &Broker{config: config, word: word, hash: string(hash)}
	broker.plan.Store(&plan.Plan{})
	running, err := server.NewServer(config.options(broker.hash, &plan.Plan{}))
	if err != nil {
		return nil, fmt.Errorf("prepare the server: %w", err)
	}
	broker.server = running
	running.SetLoggerV2(lines{to: log}, false, false, false)
	running.Start()
	if !running.ReadyForConnections(patience) {
		broker.Stop()
		return nil, errors.New("the server did not come up; its own words are above")
	}
	if err := errors.Join(broker.connect(), broker.open(log)); err != nil {
		broker.Stop()
		return nil, err
	}
	return broker, nil
}

// connect makes this process's own connection.
func (b *Broker) connect() error {
	line, err := nats.Connect("", nats.InProcessServer(b.server), nats.UserInfo(manager, b.word), nats.Name(manager),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		return fmt.Errorf("connect to the server: %w", err)
	}
	b.line = line
	b.streams, err = jetstream.New(line)
	return err
}

// open lets clients come.
func (b *Broker) open(log *slog.Logger) error {
	listener, err := net.Listen("tcp", b.config.Listen)
	if err != nil {
		return fmt.Errorf("listen for clients: %w", err)
	}
	b.listener = listener
	b.door = &door.Door{
		TLS: b.config.TLS, Trusts: b.config.Trusts, Again: cmp.Or(b.config.Again, 30*time.Second),
		Server: b.server.InProcessConn, Word: b.word, Most: most, Log: log,
		MayListen: func(identity, subject string) bool { return b.plan.Load().MayListen(identity, subject) },
	}
	b.closed = make(chan struct{})
	go func() {
		b.door.Serve(listener)
		close(b.closed)
	}()
	return nil
}

// Apply makes the bus as the plan says. Connections of users that are still there
// stay open. First who may do what, then what there is to be read: so nobody
// reads a moment longer than allowed.
func (b *Broker) Apply(ctx context.Context, wanted *plan.Plan) error {
	if err := b.server.ReloadOptions(b.config.options(b.hash, wanted)); err != nil {
		return fmt.Errorf("reload the users: %w", err)
	}
	b.plan.Store(wanted)
	return b.settle(ctx, wanted)
}

// Accepts tells whether clients can connect and events can be kept.
func (b *Broker) Accepts() bool {
	return b.server.Running() && b.server.JetStreamEnabled()
}

// Stop takes no new clients, ends the connections of those that are there, and
// waits until everything is on the disk.
func (b *Broker) Stop() {
	if b.listener != nil {
		b.listener.Close()
		<-b.closed
	}
	if b.line != nil {
		b.line.Close()
	}
	b.server.Shutdown()
	b.server.WaitForShutdown()
	if b.door != nil {
		b.door.Empty()
	}
}
