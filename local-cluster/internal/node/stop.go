// The end of a node as its user sees it: nothing is left.
package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"rerp.dev/local-cluster/internal/layout"
)

// Stop ends a running node and everything in it. It is no error when there is
// none. The state directory stays.
func Stop(l layout.Layout) error {
	alive, err := Alive(l)
	if err != nil {
		return err
	}
	if alive {
		keeper, err := awaitKeeperPid(l, endDeadline)
		if err != nil {
			return err
		}
		if err := stopKeeper(l, keeper); err != nil {
			return err
		}
	}
	// Read only now: the keeper may have started the node meanwhile.
	if pids, err := LoadPids(l); err == nil {
		if err := awaitInitGone(pids, endDeadline); err != nil {
			return err
		}
	}
	return removeCgroups(l.CgroupName(), endDeadline)
}

// awaitKeeperPid reads who the keeper is, which it says right after it has
// taken its lock.
func awaitKeeperPid(l layout.Layout, deadline time.Duration) (int, error) {
	end := time.Now().Add(deadline)
	for {
		pids, err := LoadPids(l)
		if err == nil {
			return pids.Keeper, nil
		}
		if time.Now().After(end) {
			return 0, fmt.Errorf("the keeper does not say who it is: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// stopKeeper asks first and kills after the deadline; the node's pid 1 dies
// with its keeper in both cases.
func stopKeeper(l layout.Layout, pid int) error {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal the keeper: %w", err)
		}
		// The keeper's own clean-up may take two of its deadlines.
		end := time.Now().Add(2*endDeadline + time.Second)
		for time.Now().Before(end) {
			alive, err := Alive(l)
			if err != nil || !alive {
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return fmt.Errorf("the keeper (process %d) does not end", pid)
}

// Down ends a node and removes its state directory, volumes included.
func Down(l layout.Layout) error {
	if err := checkOwn(l); err != nil {
		return err
	}
	if err := Stop(l); err != nil {
		return err
	}
	return removeAll(l.Dir)
}

// sweep removes what is in the directory of a dead node.
func sweep(l layout.Layout, keep string) error {
	if err := Stop(l); err != nil {
		return err
	}
	entries, err := os.ReadDir(l.Dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(l.Dir, entry.Name())
		if entry.Name() == keep || path == l.Marker() {
			continue
		}
		if err := removeAll(path); err != nil {
			return err
		}
	}
	return nil
}

// removeAll removes a tree. The kernel may hold a mount of a dead namespace
// for a moment, hence the attempts.
func removeAll(path string) error {
	end := time.Now().Add(endDeadline)
	for {
		err := os.RemoveAll(path)
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
