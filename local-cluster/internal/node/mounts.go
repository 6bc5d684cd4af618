// What the node sees of the file system: the machine's own, except that
// everything a component might write outside the state directory is covered
// by a private mount. All of it is in the node's mount namespace only.
package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rerp.dev/local-cluster/internal/layout"
)

// kernelTunables are the machine-wide settings kubelet insists on. It only
// writes those that differ, so each is covered by a file with the wanted
// value: the machine's real settings stay as they are.
var kernelTunables = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

func mountAll(l layout.Layout) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	if err := coverFolders(l); err != nil {
		return err
	}
	resolver := l.Path("etc", "resolv.conf")
	if err := unix.Mount(resolver, "/etc/resolv.conf", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("cover /etc/resolv.conf: %w", err)
	}
	return coverTunables(l)
}

// coverFolders puts the state directory's own `var` and `tmp` over the
// machine's, then makes the state directory visible at its usual path again
// in case it lies below one of them.
func coverFolders(l layout.Layout) error {
	const aside = "/run/state"
	if err := os.Mkdir(aside, 0o700); err != nil {
		return err
	}
	if err := bind(l.Dir, aside); err != nil {
		return err
	}
	for _, name := range []string{"var", "tmp"} {
		if err := bind(filepath.Join(aside, name), "/"+name); err != nil {
			return err
		}
	}
	if err := os.Symlink("/run", "/var/run"); err != nil && !os.IsExist(err) {
		return err
	}
	if strings.HasPrefix(l.Dir, "/var/") || strings.HasPrefix(l.Dir, "/tmp/") {
		if err := os.MkdirAll(l.Dir, 0o700); err != nil {
			return err
		}
		if err := bind(aside, l.Dir); err != nil {
			return err
		}
	}
	return unix.Unmount(aside, 0)
}

func coverTunables(l layout.Layout) error {
	for name, value := range kernelTunables {
		target := filepath.Join("/proc/sys", name)
		if _, err := os.Stat(target); os.IsNotExist(err) {
			continue
		}
		file := l.Path("sysctl", strings.ReplaceAll(name, "/", "-"))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := bind(file, target); err != nil {
			return err
		}
	}
	return nil
}

func bind(from, to string) error {
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", from, to, err)
	}
	return nil
}
