package it

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"rerp.dev/bus/internal/plan"
)

func TestRightsWidenAndNarrowWithoutALostConnection(t *testing.T) {
	w := newWorld(t, platform()...)
	identity, billing := w.connect("identity"), w.connect("billing")
	const erased = "identity.user.erased.v1"
	identity.refuses(plan.Events + erased)

	w.write(
		grant{service: "identity", publishes: []string{verified, erased}},
		grant{service: "billing", consumes: []string{verified, erased}},
	)
	w.turn()
	check(t, identity.publish(erased, "e"))
	check(t, identity.publish(verified, "v"))
	for _, want := range []string{"e", "v"} {
		if got, err := billing.next(); err != nil || got != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if _, err := w.tryConnect("account"); err == nil {
		t.Fatal("account has no events any more and was let in")
	}

	w.write(grant{service: "identity", publishes: []string{verified}}, grant{service: "billing", consumes: []string{erased}})
	w.turn()
	identity.mu.Lock()
	identity.refused = nil
	identity.mu.Unlock()
	identity.refuses(plan.Events + erased)
	check(t, identity.publish(verified, "w"))
	consumer, err := billing.js.Consumer(t.Context(), "events", "billing")
	check(t, err)
	if info := consumer.CachedInfo(); info.NumPending != 0 || len(info.Config.FilterSubjects) != 1 {
		t.Fatalf("%+v", info)
	}
	if !identity.stayed() || !billing.stayed() {
		t.Fatal("a connection was lost")
	}
}

func TestWhoIsTakenOutIsCutOffAndItsPlaceForgotten(t *testing.T) {
	w := newWorld(t, platform()...)
	account, billing := w.connect("account"), w.connect("billing")
	w.write(grant{service: "billing", consumes: []string{verified}})
	w.turn()
	until(t, "account is cut off", func() bool { return !account.stayed() })
	state, err := w.bus.Look(t.Context(), "events")
	check(t, err)
	if len(state.Readers) != 1 || state.Readers[0].Name != "billing" || !billing.stayed() {
		t.Fatalf("%+v", state)
	}
}

func TestWhoWaitsForAnEventGetsItAcrossAReload(t *testing.T) {
	w := newWorld(t, platform()...)
	identity, billing := w.connect("identity"), w.connect("billing")
	consumer, err := billing.js.Consumer(t.Context(), "events", "billing")
	check(t, err)
	batch, err := consumer.Fetch(1, jetstream.FetchMaxWait(limit))
	check(t, err)
	until(t, "billing waits", func() bool {
		info, err := consumer.Info(t.Context())
		return err == nil && info.NumWaiting == 1
	})
	w.write(append(platform(), grant{service: "fte", consumes: []string{verified}})...)
	w.turn()
	check(t, identity.publish(verified, "1"))
	message, open := <-batch.Messages()
	if !open {
		t.Fatalf("nothing came: %v", batch.Error())
	}
	check(t, message.DoubleAck(t.Context()))
}

func TestABadFileIsRefusedWhole(t *testing.T) {
	w := newWorld(t, platform()...)
	identity := w.connect("identity")
	w.writeText([]byte(`{"stream":"events","users":[{"identity":"spiffe://rerp.local/ns/rerp/sa/identity",
		"publish":["rerp.>"],"subscribe":["_INBOX.identity.>"]}],"consumers":[]}`))
	w.keeper.Turn(t.Context())
	if w.keeper.Trouble() == "" {
		t.Fatal("expected trouble")
	}
	check(t, identity.publish(verified, "1"))
	w.connect("account")
	w.write(platform()...)
	w.turn()
	if !identity.stayed() {
		t.Fatal("the connection was lost")
	}
}

func TestARestartKeepsEventsAndPlaces(t *testing.T) {
	w := newWorld(t, platform()...)
	identity, billing := w.connect("identity"), w.connect("billing")
	for _, id := range []string{"1", "2", "3"} {
		check(t, identity.publish(verified, id))
	}
	if got, err := billing.next(); err != nil || got != "1" {
		t.Fatalf("%q, %v", got, err)
	}
	w.bus.Stop()
	w.start()
	w.turn()
	until(t, "both are back", func() bool { return identity.line.IsConnected() && billing.line.IsConnected() })
	check(t, identity.publish(verified, "3"))
	check(t, identity.publish(verified, "4"))
	for _, want := range []string{"2", "3", "4"} {
		if got, err := billing.next(); err != nil || got != want {
			t.Fatalf("%q, not %q: %v", got, want, err)
		}
	}
}

func TestWhatWasNotAcknowledgedComesAgainAndNothingBeforeIt(t *testing.T) {
	w := newWorld(t, platform()...)
	identity, billing := w.connect("identity"), w.connect("billing")
	check(t, identity.publish(verified, "1"))
	check(t, identity.publish(verified, "2"))
	consumer, err := billing.js.Consumer(t.Context(), "events", "billing")
	check(t, err)
	first, err := consumer.Next(jetstream.FetchMaxWait(limit))
	check(t, err)
	again, err := consumer.FetchNoWait(1)
	check(t, err)
	for second := range again.Messages() {
		t.Fatalf("two at a time: %s", second.Data())
	}
	check(t, first.NakWithDelay(10*time.Millisecond))
	for _, want := range []string{"1", "2"} {
		if got, err := billing.next(); err != nil || got != want {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

func TestACertificateIsSwappedWithoutALostConnection(t *testing.T) {
	w := newWorld(t, platform()...)
	identity := w.connect("identity")
	before := serial(identity)
	w.certify(w.authority, w.authority)
	w.turn()
	if now := serial(w.connect("identity")); now == before {
		t.Fatal("a new connection saw the old certificate")
	}
	// Another authority takes over: for a while both are trusted.
	next := newAuthority(t)
	w.certify(next, w.authority, next)
	w.turn()
	old := w.authority
	w.authority = next
	w.connect("billing")
	w.authority = old
	if _, err := w.tryConnect("billing"); err == nil {
		t.Fatal("a client took a certificate of an authority that it doesn't trust")
	}
	// What can't be used is not used.
	mount(t, w.path("tls"), map[string][]byte{"tls.crt": []byte("x"), "tls.key": []byte("y"), "ca.crt": nil})
	w.keeper.Turn(t.Context())
	w.authority = next
	w.connect("billing")
	if !identity.stayed() || w.keeper.Trouble() != "" {
		t.Fatal("the connection was lost")
	}
	check(t, identity.publish(verified, "1"))
}

func TestAConnectionEndsWithTheTrustInItsCertificate(t *testing.T) {
	w := newWorld(t, platform()...)
	old := w.connect("identity")
	next := newAuthority(t)
	w.certify(next, w.authority, next)
	w.turn()
	w.authority = next
	anew := w.connect("identity")
	if !old.stayed() {
		t.Fatal("the connection was lost while both authorities were trusted")
	}
	w.certify(next, next)
	w.turn()
	until(t, "the old connection is ended", func() bool { return !old.stayed() })
	check(t, anew.publish(verified, "1"))
	if !anew.stayed() {
		t.Fatal("the new connection was lost")
	}
}

func serial(s *service) string {
	state, err := s.line.TLSConnectionState()
	check(s.t, err)
	return state.PeerCertificates[0].SerialNumber.String()
}

func TestTheServerTakesWhatItIsToldWithinItsTime(t *testing.T) {
	w := newWorld(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.bus.Apply(over, &plan.Plan{Stream: "events"}); err == nil {
		t.Fatal("applied though its time was over")
	}
}
