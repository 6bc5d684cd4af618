// The node's own cgroup in every hierarchy of the machine. kubelet creates
// the pods' groups below it; all of it goes when the node goes.
package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const cgroupMount = "/sys/fs/cgroup"

// hierarchies lists the roots in which a node's cgroup may exist: the mount
// itself on cgroup v2, one folder per controller on v1.
func hierarchies() ([]string, error) {
	if _, err := os.Stat(filepath.Join(cgroupMount, "cgroup.controllers")); err == nil {
		return []string{cgroupMount}, nil
	}
	entries, err := os.ReadDir(cgroupMount)
	if err != nil {
		return nil, fmt.Errorf("read cgroup hierarchies: %w", err)
	}
	var roots []string
	for _, entry := range entries {
		// Symbolic links are second names of joined controllers.
		if entry.IsDir() {
			roots = append(roots, filepath.Join(cgroupMount, entry.Name()))
		}
	}
	return roots, nil
}

func createCgroups(name string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("create cgroup: %w", err)
		}
	}
	return nil
}

// removeCgroups removes the node's cgroups bottom up. The kernel refuses for
// a moment after the last process has ended, hence the deadline.
func removeCgroups(name string, deadline time.Duration) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	end := time.Now().Add(deadline)
	for _, root := range roots {
		path := filepath.Join(root, name)
		for {
			err := removeTree(path)
			if err == nil {
				break
			}
			if time.Now().After(end) {
				return fmt.Errorf("remove cgroup: %w", err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// removeTree removes a cgroup and those below it. Files in it belong to the
// kernel and vanish with the folder.
func removeTree(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if err := removeTree(filepath.Join(path, entry.Name())); err != nil {
			return err
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
