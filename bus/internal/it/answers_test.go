package it

import (
	"testing"

	"rerp.dev/bus/internal/plan"
)

// The server answers wherever it is told to, and its answers are obeyed: this is
// what a service could do with the rights to read its own consumer.
func TestAnAnswerGoesNowhereElse(t *testing.T) {
	w := newWorld(t, platform()...)
	check(t, w.connect("identity").publish(verified, "1"))
	nothing := []byte(`{"batch":1,"no_wait":true}`)
	next := plan.Reading("events", "account")[1]
	for what, say := range map[string]struct {
		service, subject, answer string
		payload                  []byte
	}{
		"the stream is deleted":        {"account", next, "$JS.API.STREAM.DELETE.events", nothing},
		"another's place is forgotten": {"account", next, "$JS.API.CONSUMER.DELETE.events.billing", nothing},
		"another's event is made up":   {"identity", plan.Events + verified, plan.Events + created, []byte("x")},
		"an answer to another is":      {"identity", plan.Events + verified, "_INBOX.account.x.y", []byte("x")},
		"everybody is told":            {"account", next, "_INBOX.>", nothing},
	} {
		t.Run(what, func(t *testing.T) {
			// Whatever waits for account is read, so that the next answer is empty.
			account := w.connect("account")
			account.drain()
			wicked := w.connect(say.service)
			check(t, wicked.line.PublishRequest(say.subject, say.answer, say.payload))
			until(t, "the connection is ended", func() bool { return !wicked.stayed() })
		})
	}
	billing := w.connect("billing")
	if got, err := billing.next(); err != nil || got != "1" {
		t.Fatalf("%q, %v", got, err)
	}
	state, err := w.bus.Look(t.Context(), "events")
	check(t, err)
	if state.Messages != 1 || len(state.Readers) != 2 {
		t.Fatalf("%+v", state)
	}
}

// drain reads whatever there is.
func (s *service) drain() {
	s.t.Helper()
	for {
		consumer, err := s.js.Consumer(s.t.Context(), "events", s.name)
		check(s.t, err)
		if consumer.CachedInfo().NumPending+uint64(consumer.CachedInfo().NumAckPending) == 0 {
			return
		}
		if _, err := s.next(); err != nil {
			s.t.Fatal(err)
		}
	}
}
