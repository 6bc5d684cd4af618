// The loop around each process, and the states people can look at.
package supervise

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sort"
	"sync"
	"syscall"
	"time"
)

// Phases of a component.
const (
	Running = "running"
	Waiting = "waiting"
	Failed  = "failed"
)

// State is what is known of one component.
type State struct {
	Name     string    `json:"name"`
	Phase    string    `json:"phase"`
	PID      int       `json:"pid,omitempty"`
	Restarts int       `json:"restarts"`
	Since    time.Time `json:"since"`
	// LastExit tells how it ended the last time, empty if never.
	LastExit string `json:"lastExit,omitempty"`
}

// Supervisor runs processes until its context ends.
type Supervisor struct {
	ctx    context.Context
	reaper *reaper
	path   string
	mu     sync.Mutex
	states map[string]State
}

// New returns a supervisor that writes its states to the file at path.
func New(ctx context.Context, path string) *Supervisor {
	return &Supervisor{ctx: ctx, reaper: newReaper(ctx), path: path, states: map[string]State{}}
}

// Run keeps a process running in the background.
func (s *Supervisor) Run(p Process) { go s.keep(p) }

func (s *Supervisor) keep(p Process) {
	var backoff Backoff
	state := State{Name: p.Name}
	for {
		begun := time.Now()
		reason := s.once(p, &state)
		if s.ctx.Err() != nil {
			return
		}
		delay, again := backoff.Next(time.Since(begun))
		state.PID, state.LastExit, state.Since = 0, reason, time.Now()
		state.Phase = Waiting
		if !again {
			state.Phase = Failed
		}
		s.record(state)
		log.Printf("%s ended: %s; next start in %s (again: %t)", p.Name, reason, delay, again)
		if !again {
			return
		}
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(delay):
		}
		state.Restarts++
	}
}

// once starts the process, waits for its end and says how it ended.
func (s *Supervisor) once(p Process, state *State) string {
	request := startRequest{process: p, reply: make(chan startReply, 1)}
	select {
	case <-s.ctx.Done():
		return "stopped"
	case s.reaper.starts <- request:
	}
	reply := <-request.reply
	if reply.err != nil {
		return reply.err.Error()
	}
	state.Phase, state.PID, state.Since = Running, reply.pid, time.Now()
	s.record(*state)
	select {
	case <-s.ctx.Done():
		return "stopped"
	case status := <-reply.exit:
		return describe(status)
	}
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("signal %s", status.Signal())
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}

// Kill ends every process at once and returns when all are gone or the
// deadline has passed.
func (s *Supervisor) Kill(deadline time.Duration) error {
	end := time.Now().Add(deadline)
	for {
		s.reaper.reapAll()
		s.reaper.mu.Lock()
		left := len(s.reaper.exits)
		for pid := range s.reaper.exits {
			// Already gone is what we want; nothing else can go wrong here.
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		s.reaper.mu.Unlock()
		if left == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d processes did not end within %s", left, deadline)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// record stores a state and rewrites the file in one step. A failed write is
// logged only: the node must go on when somebody fills the disk.
func (s *Supervisor) record(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states[state.Name] = state
	list := make([]State, 0, len(s.states))
	for _, each := range s.states {
		list = append(list, each)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	raw, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		err = os.WriteFile(s.path+".new", append(raw, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(s.path+".new", s.path)
	}
	if err != nil {
		log.Printf("cannot write %s: %v", s.path, err)
	}
}
