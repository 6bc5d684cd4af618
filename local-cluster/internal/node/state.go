// What is stored about a node, and how to tell whether it lives. The truth is
// a lock held by the keeper: it can't go stale as a pid file can.
package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/render"
	"rerp.dev/local-cluster/internal/supervise"
)

// Pids are the processes at the top of a node, each with its start time in
// clock ticks since boot, since a pid alone may be used again.
type Pids struct {
	Keeper      int    `json:"keeper"`
	Init        int    `json:"init,omitempty"`
	InitStarted string `json:"initStarted,omitempty"`
}

// LoadSpec reads what the node was started with.
func LoadSpec(l layout.Layout) (render.Spec, error) {
	var spec render.Spec
	return spec, readJSON(l.Spec(), &spec)
}

// SaveSpec stores what the node is to be.
func SaveSpec(l layout.Layout, spec render.Spec) error { return writeJSON(l.Spec(), spec) }

// takeLock takes the keeper's lock and holds it for the life of the process.
func takeLock(l layout.Layout) (*os.File, error) {
	file, err := os.OpenFile(l.Lock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", l.Lock(), err)
	}
	return file, nil
}

// Alive tells whether a keeper holds the lock.
func Alive(l layout.Layout) (bool, error) {
	file, err := os.OpenFile(l.Lock(), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	err = unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// LoadPids reads the processes of the last keeper.
func LoadPids(l layout.Layout) (Pids, error) {
	var pids Pids
	return pids, readJSON(l.Path("run", "pids.json"), &pids)
}

func savePids(l layout.Layout, pids Pids) error { return writeJSON(l.Path("run", "pids.json"), pids) }

// startTime returns when a process started, "" when there is none.
func startTime(pid int) string {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return ""
	}
	// The name in parentheses may hold anything; fields count from its end.
	text := string(raw)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	const startField = 19
	if len(fields) <= startField {
		return ""
	}
	return fields[startField]
}

// awaitInitGone waits until pid 1 of an earlier node has ended, and with it
// everything in its namespaces.
func awaitInitGone(pids Pids, deadline time.Duration) error {
	end := time.Now().Add(deadline)
	for pids.Init != 0 && pids.InitStarted != "" && startTime(pids.Init) == pids.InitStarted {
		if time.Now().After(end) {
			return fmt.Errorf("process %d of the node did not end within %s", pids.Init, deadline)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

func readJSON(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func writeJSON(path string, value any) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Components reads the states of all components; none before the start.
func Components(l layout.Layout) ([]supervise.State, error) {
	var states []supervise.State
	err := readJSON(l.Components(), &states)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return states, err
}
