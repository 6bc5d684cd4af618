// Package it tests the bus as services see it: the real server, with
// certificates, over loopback.
package it

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rerp.dev/bus/internal/broker"
	"rerp.dev/bus/internal/certificates"
	"rerp.dev/bus/internal/keeper"
	"rerp.dev/bus/internal/plan"
)

// limit is how long a test waits for what must come.
const limit = 15 * time.Second

// again is how long an event may take: a server that is killed may forget the
// acknowledgement of the one before, and hands that out again after 30 s.
const again = 30*time.Second + limit

const (
	verified = "identity.user.verified.v1"
	created  = "account.created.v1"
)

// grant is one service's part of the file, as the operator derives it from `spec.events`.
type grant struct {
	service             string
	publishes, consumes []string
}

// world is a bus and its files.
type world struct {
	t         *testing.T
	authority *authority
	dir       string
	port      int
	bus       *broker.Broker
	live      *certificates.Live
	keeper    *keeper.Keeper
	starts    int
}

func newWorld(t *testing.T, grants ...grant) *world {
	t.Helper()
	w := &world{t: t, authority: newAuthority(t), dir: t.TempDir(), port: freePort(t)}
	for _, dir := range []string{"tls", "bus", "store"} {
		check(t, os.Mkdir(w.path(dir), 0o700))
	}
	w.certify(w.authority, w.authority)
	w.write(grants...)
	w.start()
	t.Cleanup(func() { w.bus.Stop() })
	w.turn()
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// certify mounts a certificate of the bus that `signs` signed, with the roots of `trusted`.
func (w *world) certify(signs *authority, trusted ...*authority) {
	w.t.Helper()
	certificate, key := signs.leaf(w.t, "bus")
	var roots []byte
	for _, one := range trusted {
		roots = append(roots, one.pem...)
	}
	mount(w.t, w.path("tls"), map[string][]byte{"tls.crt": certificate, "tls.key": key, "ca.crt": roots, "peers": nil})
}

// write mounts the operator's file.
func (w *world) write(grants ...grant) {
	w.t.Helper()
	text, err := json.Marshal(derived(grants))
	check(w.t, err)
	w.writeText(text)
}

func (w *world) writeText(text []byte) {
	w.t.Helper()
	mount(w.t, w.path("bus"), map[string][]byte{"events.json": text})
}

func derived(grants []grant) plan.Plan {
	found := plan.Plan{Stream: "events", Users: []plan.User{}, Consumers: []plan.Consumer{}}
	for _, one := range grants {
		user := plan.User{Identity: identity(one.service), Subscribe: []string{"_INBOX." + one.service + ".>"}}
		for _, name := range one.publishes {
			user.Publish = append(user.Publish, plan.Events+name)
		}
		if len(one.consumes) > 0 {
			user.Publish = append(user.Publish, plan.Reading("events", one.service)...)
			consumer := plan.Consumer{Name: one.service}
			for _, name := range one.consumes {
				consumer.Filters = append(consumer.Filters, plan.Events+name[:strings.LastIndex(name, ".")]+".*")
			}
			found.Consumers = append(found.Consumers, consumer)
		}
		found.Users = append(found.Users, user)
	}
	return found
}

func (w *world) start() {
	w.t.Helper()
	// Every pod has a name of its own.
	w.starts++
	live, err := certificates.Open(w.path("tls"))
	check(w.t, err)
	config := broker.Config{
		Name: fmt.Sprintf("bus-%d", w.starts), Listen: fmt.Sprintf("127.0.0.1:%d", w.port), Store: w.path("store"), TLS: live.Config(),
		Trusts: live.Trusts, Again: 20 * time.Millisecond,
	}
	log := slog.New(slog.NewTextHandler(newTestWriter(w.t), nil))
	w.bus, err = broker.Start(config, log)
	check(w.t, err)
	w.live = live
	w.keeper = keeper.New(w.path("bus/events.json"), w.bus, live, log)
}

// turn has the bus look at its files, and wants it to use them.
func (w *world) turn() {
	w.t.Helper()
	w.keeper.Turn(w.t.Context())
	if trouble := w.keeper.Trouble(); trouble != "" {
		w.t.Fatal(trouble)
	}
}

// service is a connection as the kit makes one.
type service struct {
	t    *testing.T
	name string
	line *nats.Conn
	js   jetstream.JetStream

	mu      sync.Mutex
	refused []error
	drops   int
}

func (w *world) connect(name string) *service {
	w.t.Helper()
	s, err := w.tryConnect(name)
	check(w.t, err)
	return s
}

func (w *world) tryConnect(name string) (*service, error) {
	s := &service{t: w.t, name: name}
	line, err := nats.Connect(fmt.Sprintf("tls://127.0.0.1:%d", w.port), nats.Secure(w.authority.client(w.t, name)),
		nats.CustomInboxPrefix("_INBOX."+name), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { s.note(err) }),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { s.dropped() }))
	if err != nil {
		return nil, err
	}
	w.t.Cleanup(line.Close)
	s.line = line
	s.js, err = jetstream.New(line)
	return s, err
}

func (s *service) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, err)
}

func (s *service) dropped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
}

// stayed tells whether the connection was never lost.
func (s *service) stayed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drops == 0 && s.line.IsConnected()
}

// isRefused tells whether the server has refused something with these words in it.
func (s *service) isRefused(words string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range s.refused {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// publish announces an event and waits until it is kept.
func (s *service) publish(name, id string) error {
	message := nats.NewMsg(plan.Events + name)
	message.Header.Set(nats.MsgIdHdr, id)
	message.Data = []byte(id)
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	_, err := s.js.PublishMsg(ctx, message)
	return err
}

// next reads one event and acknowledges it, as the kit does: confirmed.
func (s *service) next() (string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), again+limit)
	defer cancel()
	consumer, err := s.js.Consumer(ctx, "events", s.name)
	if err != nil {
		return "", err
	}
	message, err := consumer.Next(jetstream.FetchMaxWait(again))
	if err != nil {
		return "", err
	}
	return string(message.Data()), message.DoubleAck(ctx)
}

// refuses wants the server to refuse to let the service publish to subject.
func (s *service) refuses(subject string) {
	s.t.Helper()
	check(s.t, s.line.Publish(subject, []byte("{}")))
	check(s.t, s.line.FlushTimeout(limit))
	until(s.t, "publishing to "+subject+" is refused", func() bool {
		return s.isRefused(fmt.Sprintf("Permissions Violation for Publish to %q", subject))
	})
}

// refusesListening wants the server to refuse to let the service subscribe to subject.
func (s *service) refusesListening(subject string) {
	s.t.Helper()
	_, err := s.line.SubscribeSync(subject)
	check(s.t, err)
	check(s.t, s.line.FlushTimeout(limit))
	until(s.t, "subscribing to "+subject+" is refused", func() bool {
		return s.isRefused(fmt.Sprintf("Permissions Violation for Subscription to %q", subject))
	})
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// testWriter keeps the bus's log, for a test that fails.
type testWriter struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func newTestWriter(t *testing.T) *testWriter {
	w := &testWriter{}
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if t.Failed() {
			t.Log("the bus said:\n" + w.lines.String())
		}
	})
	return w
}

func (w *testWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines.Write(line)
}
