package plan

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

const good = `{
	"stream": "events",
	"users": [
		{"identity": "spiffe://rerp.local/ns/rerp/sa/identity", "publish": ["rerp.identity.user.verified.v1"],
		 "subscribe": ["_INBOX.identity.>"]},
		{"identity": "spiffe://rerp.local/ns/rerp/sa/billing",
		 "publish": ["$JS.API.CONSUMER.INFO.events.billing", "$JS.API.CONSUMER.MSG.NEXT.events.billing", "$JS.ACK.events.billing.>"],
		 "subscribe": ["_INBOX.billing.>"]}
	],
	"consumers": [{"name": "billing", "filters": ["rerp.identity.user.verified.*"]}]
}`

func TestAGoodFileIsTakenAsItIs(t *testing.T) {
	plan, err := Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Users) != 2 || plan.Consumers[0].Filters[0] != "rerp.identity.user.verified.*" {
		t.Fatalf("%+v", plan)
	}
	if _, err := Parse([]byte(`{"stream":"events","users":[],"consumers":[]}`)); err != nil {
		t.Fatalf("a bus without services: %v", err)
	}
}

// What the operator writes for a namespace of its tests is a good file.
func TestTheOperatorsFileIsTaken(t *testing.T) {
	text, err := os.ReadFile("testdata/events.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(text); err != nil {
		t.Fatal(err)
	}
}

func TestABadFileIsRefused(t *testing.T) {
	for what, change := range map[string][2]string{
		"no JSON":                     {`{`, `[`},
		"an unknown field":            {`"stream"`, `"deny": [], "stream"`},
		"a stream with a dot":         {`"stream": "events"`, `"stream": "a.b"`},
		"an identity of another kind": {"spiffe://rerp.local/ns/rerp/sa/identity", "identity"},
		"an identity twice":           {"sa/identity", "sa/billing"},
		"all events":                  {`["rerp.identity.user.verified.v1"]`, `["rerp.>"]`},
		"all versions":                {`["rerp.identity.user.verified.v1"]`, `["rerp.identity.user.verified.*"]`},
		"publishing anything":         {`["rerp.identity.user.verified.v1"]`, `[]`},
		"another's place":             {"CONSUMER.INFO.events.billing", "CONSUMER.INFO.events.fte"},
		"making a consumer":           {"CONSUMER.INFO.events.billing", "CONSUMER.CREATE.events.billing"},
		"another's inbox":             {"_INBOX.identity.>", "_INBOX.billing.>"},
		"all inboxes":                 {"_INBOX.identity.>", "_INBOX.>"},
		"listening to events":         {"_INBOX.identity.>", "rerp.identity.user.verified.v1"},
		"listening to anything":       {`["_INBOX.identity.>"]`, `[]`},
		"a consumer of everything":    {`["rerp.identity.user.verified.*"]`, `[]`},
		"a filter of everything":      {`["rerp.identity.user.verified.*"]`, `["rerp.>"]`},
		"a filter of something else":  {`["rerp.identity.user.verified.*"]`, `["$JS.identity.*"]`},
		"a consumer without a name":   {`"name": "billing"`, `"name": ""`},
		"something behind it":         {"\n}", "\n} {}"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Errorf("%s: nothing was changed", what)
		}
		if plan, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: taken as %+v", what, plan)
		}
	}
}

func TestTwoServicesShareNothing(t *testing.T) {
	var plan Plan
	if err := json.Unmarshal([]byte(good), &plan); err != nil {
		t.Fatal(err)
	}
	plan.Users = append(plan.Users, User{
		Identity: "spiffe://rerp.local/ns/rerp/sa/fte", Publish: plan.Users[0].Publish, Subscribe: []string{"_INBOX.fte.>"},
	})
	if err := plan.check(); err == nil || !strings.Contains(err.Error(), "granted already") {
		t.Fatalf("two services announce one type: %v", err)
	}
}

func TestWhoMayListenWhere(t *testing.T) {
	plan, err := Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	const billing = "spiffe://rerp.local/ns/rerp/sa/billing"
	for subject, may := range map[string]bool{
		"_INBOX.billing.x": true, "_INBOX.billing.x.y": true, "_INBOX.billing.": false, "_INBOX.billing": false,
		"_INBOX.identity.x": false, "_INBOX.billing2.x": false, ">": false, "": false, "rerp.a.b.v1": false,
	} {
		if plan.MayListen(billing, subject) != may {
			t.Errorf("%q: expected %v", subject, may)
		}
	}
	if plan.MayListen("nobody", "_INBOX.billing.x") {
		t.Error("nobody listens")
	}
}
