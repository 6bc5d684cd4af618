package cli

import (
	"errors"
	"slices"
	"testing"

	"rerp.dev/local-cluster/internal/layout"
)

func TestParse(t *testing.T) {
	t.Setenv("RERP_NODE_STATE", "")
	o, err := parse("up", []string{"--state", "/s/x", "--audit", "--forward", "0:a/b:80"})
	if err != nil || o.state != "/s/x" || !o.spec.Audit || len(o.forwards) != 1 {
		t.Fatalf("%+v, %v", o, err)
	}
	o, err = parse("kubectl", []string{"--state", "/s/x", "--", "get", "pods", "-A"})
	if err != nil || !slices.Equal(o.args, []string{"get", "pods", "-A"}) {
		t.Fatalf("%+v, %v", o, err)
	}
	o, err = parse("logs", []string{"--tail", "5", "kubelet"})
	if err != nil || o.tail != 5 || o.state != layout.DefaultDir {
		t.Fatalf("%+v, %v", o, err)
	}
}

func TestStateDirectoryFromTheEnvironment(t *testing.T) {
	t.Setenv("RERP_NODE_STATE", "/s/env")
	if o, err := parse("status", nil); err != nil || o.state != "/s/env" {
		t.Fatalf("%+v, %v", o, err)
	}
	if o, err := parse("status", []string{"--state", "/s/flag"}); err != nil || o.state != "/s/flag" {
		t.Fatalf("%+v, %v", o, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, line := range map[string][]string{
		"unknown flag":              {"up", "--nope"},
		"flag of another command":   {"down", "--audit"},
		"surplus argument":          {"down", "x"},
		"nothing to load":           {"load"},
		"bad forward":               {"up", "--forward", "x"},
		"forward without node":      {"up", "--control-plane-only", "--forward", "0:a/b:80"},
		"two components":            {"logs", "a", "b"},
		"surplus argument of audit": {"audit", "x"},
	} {
		if _, err := parse(line[0], line[1:]); !errors.Is(err, ErrUsage) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
