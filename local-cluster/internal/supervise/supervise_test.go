package supervise

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestBackoffGrowsAndEnds(t *testing.T) {
	var b Backoff
	last := time.Duration(0)
	for i := 1; i < maxFailures; i++ {
		delay, ok := b.Next(time.Second)
		if !ok || delay < last || delay > maxDelay {
			t.Fatalf("failure %d: delay %s after %s, ok %t", i, delay, last, ok)
		}
		last = delay
	}
	if _, ok := b.Next(time.Second); ok {
		t.Fatal("it never gives up")
	}
}

func TestBackoffForgetsAfterASteadyLife(t *testing.T) {
	var b Backoff
	for range maxFailures - 1 {
		b.Next(0)
	}
	if delay, ok := b.Next(steadyAfter); !ok || delay != firstDelay {
		t.Fatalf("delay %s, ok %t", delay, ok)
	}
}

func readStates(t *testing.T, path string) map[string]State {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var list []State
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	states := map[string]State{}
	for _, s := range list {
		states[s.Name] = s
	}
	return states
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within the deadline: %s", what)
}

func TestProcessesAreRestartedAndKilled(t *testing.T) {
	dir := t.TempDir()
	states := filepath.Join(dir, "states.json")
	stale := filepath.Join(dir, "stale")
	ctx, cancel := context.WithCancel(t.Context())
	s := New(ctx, states)
	shell := func(name, script string) Process {
		return Process{
			Name: name, Path: "/bin/sh", Args: []string{"sh", "-c", script}, Dir: dir,
			Log: filepath.Join(dir, name+".log"), Stale: []string{stale},
		}
	}
	// The first one must find its stale file gone at every start.
	s.Run(shell("ends", "test ! -e stale || exit 9; touch stale; exit 3"))
	s.Run(shell("stays", "echo up; exec sleep 1000"))
	eventually(t, "restarted twice, the other one running", func() bool {
		now := readStates(t, states)
		return now["ends"].Restarts >= 2 && now["stays"].Phase == Running
	})
	if exit := readStates(t, states)["ends"].LastExit; exit != "exit code 3" {
		t.Errorf("last exit: %s", exit)
	}
	pid := readStates(t, states)["stays"].PID
	cancel()
	if err := s.Kill(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join("/proc", itoa(pid))); err == nil {
		t.Errorf("process %d is left", pid)
	}
	if log, err := os.ReadFile(filepath.Join(dir, "stays.log")); err != nil || string(log) != "up\n" {
		t.Errorf("log %q, %v", log, err)
	}
}

func itoa(n int) string {
	raw, _ := json.Marshal(n)
	return string(raw)
}
