// What a plan may say. In: a plan. Out: the first thing in it that is refused.
// The operator derives plans that pass; this is the second look, so that a file
// somebody else wrote opens nothing that no service ever needs.
package plan

import (
	"fmt"
	"regexp"
	"strings"
)

// Events is what subjects of events begin with.
const Events = "rerp."

var (
	word = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	// A type of events, as the schema of RerpService has it.
	eventType = regexp.MustCompile(`^[a-z][-a-z0-9]*([.][a-z][-a-z0-9]*)+[.]v[1-9][0-9]{0,3}$`)
	// All versions of a type.
	versions = regexp.MustCompile(`^[a-z][-a-z0-9]*([.][a-z][-a-z0-9]*)+[.][*]$`)
	identity = regexp.MustCompile(`^spiffe://[a-z0-9._-]+(/[A-Za-z0-9._-]+)+$`)
	inbox    = regexp.MustCompile(`^_INBOX[.][A-Za-z0-9_-]{1,64}[.]>$`)
)

func (p *Plan) check() error {
	if !word.MatchString(p.Stream) {
		return fmt.Errorf("stream %q is no name", p.Stream)
	}
	reading, err := p.checkConsumers()
	if err != nil {
		return err
	}
	return p.checkUsers(reading)
}

// checkConsumers returns the subjects that reading takes, each with its consumer.
func (p *Plan) checkConsumers() (map[string]string, error) {
	names, reading := map[string]bool{}, map[string]string{}
	for _, consumer := range p.Consumers {
		name := consumer.Name
		if !word.MatchString(name) || names[name] {
			return nil, fmt.Errorf("consumer %q is no name, or there are two", name)
		}
		names[name] = true
		if err := checkFilters(consumer); err != nil {
			return nil, err
		}
		for _, subject := range Reading(p.Stream, name) {
			reading[subject] = name
		}
	}
	return reading, nil
}

func checkFilters(consumer Consumer) error {
	if len(consumer.Filters) == 0 {
		return fmt.Errorf("consumer %q would read everything: it has no filter", consumer.Name)
	}
	seen := map[string]bool{}
	for _, filter := range consumer.Filters {
		if !versions.MatchString(strings.TrimPrefix(filter, Events)) || !strings.HasPrefix(filter, Events) || seen[filter] {
			return fmt.Errorf("consumer %q: %q is no filter, or is there twice", consumer.Name, filter)
		}
		seen[filter] = true
	}
	return nil
}

// Reading are the subjects that a service publishes to in order to read as
// consumer: who it is, the next message, and what became of it.
func Reading(stream, consumer string) []string {
	return []string{
		fmt.Sprintf("$JS.API.CONSUMER.INFO.%s.%s", stream, consumer),
		fmt.Sprintf("$JS.API.CONSUMER.MSG.NEXT.%s.%s", stream, consumer),
		fmt.Sprintf("$JS.ACK.%s.%s.>", stream, consumer),
	}
}

// checkUsers refuses whatever two users could do to each other.
func (p *Plan) checkUsers(reading map[string]string) error {
	identities, taken := map[string]bool{}, map[string]string{}
	for _, user := range p.Users {
		if !identity.MatchString(user.Identity) || identities[user.Identity] {
			return fmt.Errorf("user %q is no SPIFFE ID, or is there twice", user.Identity)
		}
		identities[user.Identity] = true
		// An empty list means everything to the server.
		if len(user.Publish) == 0 || len(user.Subscribe) == 0 {
			return fmt.Errorf("user %q: an empty list would allow everything", user.Identity)
		}
		for _, subject := range user.Publish {
			event := strings.HasPrefix(subject, Events) && eventType.MatchString(strings.TrimPrefix(subject, Events))
			if _, reads := reading[subject]; !event && !reads {
				return fmt.Errorf("user %q: publishing to %q is not granted to anybody", user.Identity, subject)
			}
		}
		for _, subject := range user.Subscribe {
			if !inbox.MatchString(subject) {
				return fmt.Errorf("user %q: %q is no inbox of a service", user.Identity, subject)
			}
		}
		for _, subject := range append(append([]string{}, user.Publish...), user.Subscribe...) {
			if other, found := taken[subject]; found {
				return fmt.Errorf("user %q: %q is granted already, to %q", user.Identity, subject, other)
			}
			taken[subject] = user.Identity
		}
	}
	return nil
}
