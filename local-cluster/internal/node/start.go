// The start of a node as its user sees it: a fresh state directory and a
// detached keeper.
package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/render"
)

// upLock serialises several calls of `up`; it is the only file that survives
// a clean-up of the directory.
const upLock = "up.lock"

// ErrForeign means that a directory exists which rerp-node did not make.
var ErrForeign = errors.New("the directory is not empty and was not made by rerp-node: it is left alone")

// Prepare makes the state directory and takes the lock that keeps other
// starts away. Close the file to give the lock back.
func Prepare(l layout.Layout, deadline time.Duration) (*os.File, error) {
	if err := checkOwn(l); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return nil, err
	}
	// Non-root users in containers must be able to walk to their volumes.
	if err := os.Chmod(l.Dir, 0o711); err != nil {
		return nil, err
	}
	if err := os.WriteFile(l.Marker(), nil, 0o600); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(l.Path(upLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	end := time.Now().Add(deadline)
	for unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		if time.Now().After(end) {
			file.Close()
			return nil, fmt.Errorf("another `up` holds %s for longer than %s", file.Name(), deadline)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return file, nil
}

// checkOwn refuses directories that somebody else made.
func checkOwn(l layout.Layout) error {
	entries, err := os.ReadDir(l.Dir)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(l.Marker()); err != nil {
		return fmt.Errorf("%s: %w", l.Dir, ErrForeign)
	}
	return nil
}

// Spawn cleans what an earlier node left and starts a detached keeper. The
// channel tells when the keeper ends.
func Spawn(l layout.Layout, spec render.Spec) (<-chan error, error) {
	if err := sweep(l, upLock); err != nil {
		return nil, fmt.Errorf("clean up after an earlier node: %w", err)
	}
	if err := os.MkdirAll(l.Path("logs"), 0o755); err != nil {
		return nil, err
	}
	if err := SaveSpec(l, spec); err != nil {
		return nil, err
	}
	output, err := os.OpenFile(l.Log("node"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	// What the caller's parents left open must not stay open as long as the
	// node lives: somebody may wait for the end of a pipe.
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return nil, fmt.Errorf("close inherited files: %w", err)
	}
	keeper := exec.Command(self, l.Dir)
	keeper.Args[0] = KeeperName
	keeper.Env = environment(l)
	keeper.Dir = "/"
	keeper.Stdout, keeper.Stderr = output, output
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := keeper.Start(); err != nil {
		return nil, fmt.Errorf("start the keeper: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- keeper.Wait() }()
	return ended, nil
}
