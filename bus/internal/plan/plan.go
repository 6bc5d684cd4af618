// Package plan reads what the operator wants of the bus. In: the bytes of
// events.json. Out: a Plan that can be applied as it is, or why the file is
// refused. It must not touch a server, and it grants nothing that the file does
// not: who may do what is derived by the operator, from `spec.events`.
package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Plan is everything the operator says about a namespace's bus.
type Plan struct {
	// Stream is the name of the stream that holds all events.
	Stream string `json:"stream"`
	// Users are the services that may connect.
	Users []User `json:"users"`
	// Consumers are the places of the services that read.
	Consumers []Consumer `json:"consumers"`
}

// User is a service, with all it may do.
type User struct {
	// Identity is the SPIFFE ID in its certificate.
	Identity string `json:"identity"`
	// Publish are the subjects it may publish to.
	Publish []string `json:"publish"`
	// Subscribe are the subjects it may subscribe to.
	Subscribe []string `json:"subscribe"`
}

// Consumer is how far one service has read, and what it reads.
type Consumer struct {
	// Name of the durable consumer.
	Name string `json:"name"`
	// Filters are the subjects it reads.
	Filters []string `json:"filters"`
}

// Parse reads a file and checks all of it: a file is taken whole or not at all.
// A field that is not known is refused too, for nobody can tell what it was
// meant to take away.
func Parse(text []byte) (*Plan, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var plan Plan
	if err := decoder.Decode(&plan); err != nil {
		return nil, fmt.Errorf("read as JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	if err := plan.check(); err != nil {
		return nil, err
	}
	return &plan, nil
}

// MayListen tells whether a user may subscribe to a subject.
func (p *Plan) MayListen(identity, subject string) bool {
	for _, user := range p.Users {
		if user.Identity != identity {
			continue
		}
		for _, inbox := range user.Subscribe {
			if rest, found := strings.CutPrefix(subject, strings.TrimSuffix(inbox, ">")); found && rest != "" {
				return true
			}
		}
	}
	return false
}
