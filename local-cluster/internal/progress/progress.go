// Package progress is the journal of a start: the node writes it, `up` reads
// it. In: steps. Out: one JSON line each.
package progress

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

// Ready is the last step of every start.
const Ready = "ready"

// Step is one thing a start waits for.
type Step struct {
	// Name says what is waited for, in words a person understands.
	Name string `json:"name"`
	// Component is who is responsible, as in the logs folder.
	Component string `json:"component"`
	// Done is false when the wait begins and true when it is over.
	Done bool `json:"done"`
}

// Append adds a step to the journal.
func Append(path string, step Step) error {
	raw, err := json.Marshal(step)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(raw, '\n'))
	return errors.Join(err, file.Close())
}

// Read returns all complete steps; no journal means no steps.
func Read(path string) ([]Step, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parse(raw)
}

// parse leaves out a last line that is still being written.
func parse(raw []byte) ([]Step, error) {
	var steps []Step
	for {
		line, rest, found := bytes.Cut(raw, []byte("\n"))
		if !found {
			return steps, nil
		}
		var step Step
		if err := json.Unmarshal(line, &step); err != nil {
			return nil, err
		}
		steps = append(steps, step)
		raw = rest
	}
}
