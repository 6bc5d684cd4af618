package it

import (
	"strings"
	"testing"

	"rerp.dev/bus/internal/plan"
)

// the platform of these tests: one announces, one reads, one does both.
func platform() []grant {
	return []grant{
		{service: "identity", publishes: []string{verified}},
		{service: "account", publishes: []string{created}, consumes: []string{verified}},
		{service: "billing", consumes: []string{verified, created}},
	}
}

func TestEventsArriveInOrderAtWhoeverWantsThem(t *testing.T) {
	w := newWorld(t, platform()...)
	identity, account, billing := w.connect("identity"), w.connect("account"), w.connect("billing")
	check(t, identity.publish(verified, "1"))
	check(t, account.publish(created, "2"))
	check(t, identity.publish(verified, "3"))
	// A relay that died before it could mark the event publishes again.
	check(t, identity.publish(verified, "3"))
	for reader, wants := range map[*service][]string{billing: {"1", "2", "3"}, account: {"1", "3"}} {
		for _, want := range wants {
			if got, err := reader.next(); err != nil || got != want {
				t.Fatalf("%s read %q (%v), not %q", reader.name, got, err, want)
			}
		}
	}
	state, err := w.bus.Look(t.Context(), "events")
	check(t, err)
	if state.Messages != 3 || state.Connections != 3 || len(state.Readers) != 2 {
		t.Fatalf("%+v", state)
	}
}

func TestAServiceMayDoNothingButWhatItsEventsSay(t *testing.T) {
	w := newWorld(t, platform()...)
	identity, account := w.connect("identity"), w.connect("account")
	check(t, identity.publish(verified, "1"))
	for _, subject := range []string{
		plan.Events + created,
		plan.Events + "identity.user.verified.v2",
		"_INBOX.account.x",
		"$JS.API.INFO",
		"$JS.API.STREAM.CREATE.events",
		"$JS.API.STREAM.CREATE.mine",
		"$JS.API.STREAM.UPDATE.events",
		"$JS.API.STREAM.DELETE.events",
		"$JS.API.STREAM.PURGE.events",
		"$JS.API.STREAM.INFO.events",
		"$JS.API.STREAM.MSG.GET.events",
		"$JS.API.STREAM.MSG.DELETE.events",
		"$JS.API.DIRECT.GET.events",
		"$JS.API.CONSUMER.CREATE.events.identity",
		"$JS.API.CONSUMER.CREATE.events.mine.rerp.>",
		"$JS.API.CONSUMER.DURABLE.CREATE.events.mine",
		"$JS.API.CONSUMER.DELETE.events.account",
		"$JS.API.CONSUMER.LIST.events",
		"$JS.API.CONSUMER.INFO.events.account",
		"$JS.API.CONSUMER.MSG.NEXT.events.account",
		"$JS.API.CONSUMER.PAUSE.events.account",
		"$JS.ACK.events.account.1.1.1.1.0",
		"$SYS.REQ.SERVER.PING",
	} {
		identity.refuses(subject)
	}
	for _, subject := range []string{
		">", "rerp.>", plan.Events + verified, "_INBOX.>", "_INBOX.account.>", "_INBOX.identity", "*.>", "$JS.>", "$SYS.>",
	} {
		identity.refusesListening(subject)
	}
	account.refuses("$JS.API.CONSUMER.DELETE.events.account")
	account.refuses("$JS.API.CONSUMER.CREATE.events.account")
	account.refuses("$JS.API.CONSUMER.DURABLE.CREATE.events.account")
	account.refuses("$JS.ACK.events.billing.1.1.1.1.0")
	// Whoever was refused so much is not cut off, and may still do its own.
	check(t, identity.publish(verified, "2"))
	if got, err := account.next(); err != nil || got != "1" {
		t.Fatalf("%q, %v", got, err)
	}
	if !identity.stayed() || !account.stayed() {
		t.Fatal("a connection was lost")
	}
}

func TestWhoIsNotInTheFileIsNotLetIn(t *testing.T) {
	w := newWorld(t, platform()...)
	if _, err := w.tryConnect("marketing"); err == nil || !strings.Contains(err.Error(), "Authorization") {
		t.Fatalf("a service without events was let in: %v", err)
	}
	// A name of a host is not an identity, though a certificate has it too.
	w.write(append(platform(), grant{service: "marketing", publishes: []string{"marketing.lead.created.v1"}})...)
	w.turn()
	w.connect("marketing")
	other := newAuthority(t)
	w.authority, other = other, w.authority
	if _, err := w.tryConnect("identity"); err == nil {
		t.Fatal("a certificate of another authority was let in")
	}
}

// The kit's library for Rust asks in words of its own; the server takes nothing that it doesn't know.
func TestTheKitsWordsAreUnderstood(t *testing.T) {
	w := newWorld(t, platform()...)
	check(t, w.connect("identity").publish(verified, "1"))
	billing := w.connect("billing")
	info, err := billing.line.Request("$JS.API.CONSUMER.INFO.events.billing", []byte("{}"), limit)
	if check(t, err); !strings.Contains(string(info.Data), `"max_ack_pending":1`) {
		t.Fatalf("%s", info.Data)
	}
	asked := `{"batch":1,"expires":5000000000,"max_bytes":0,"min_pending":null,"min_ack_pending":null,"group":null}`
	event, err := billing.line.Request("$JS.API.CONSUMER.MSG.NEXT.events.billing", []byte(asked), limit)
	if check(t, err); string(event.Data) != "1" {
		t.Fatalf("%s %v", event.Data, event.Header)
	}
	if !strings.HasPrefix(event.Reply, "$JS.ACK.events.billing.") {
		t.Fatal(event.Reply)
	}
	_, err = billing.line.Request(event.Reply, []byte("+ACK"), limit)
	check(t, err)
}
