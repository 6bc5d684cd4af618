// What the machine must offer, and getting images into the node.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	localcluster "rerp.dev/local-cluster"
	"rerp.dev/local-cluster/internal/image"
	"rerp.dev/local-cluster/internal/layout"
)

// loadDeadline bounds the import of one archive.
const loadDeadline = 5 * time.Minute

// needed are the programs the components call, by path because the search
// path of an ordinary user often lacks the sbin folders.
var needed = []string{
	"/usr/bin/containerd", "/usr/bin/containerd-shim-runc-v2", "/usr/bin/ctr", "/usr/sbin/runc",
	"/usr/sbin/nft", "/usr/sbin/iptables", "/usr/sbin/conntrack", "/usr/lib/cni/bridge", "/usr/lib/cni/loopback",
}

// checkMachine says everything that is missing, and how to get it.
func checkMachine(controlPlaneOnly bool) error {
	if controlPlaneOnly {
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New("a node needs root (a control plane alone does not: --control-plane-only)")
	}
	if _, err := os.Stat("/proc/sys/net/bridge"); err != nil {
		return errors.New("pods can't reach Services without a kernel module: run `modprobe br_netfilter`")
	}
	var missing []string
	for _, path := range needed {
		if _, err := os.Stat(path); err != nil {
			missing = append(missing, path)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	packages := strings.Join(strings.Fields(localcluster.Packages), " ")
	return fmt.Errorf("missing: %s\nget it with: apt-get install -y %s", strings.Join(missing, " "), packages)
}

func load(l layout.Layout, o options, out io.Writer) error {
	if err := requireAlive(l); err != nil {
		return err
	}
	for _, file := range o.args {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), loadDeadline)
		names, err := importArchive(ctx, l, file)
		cancel()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s (%.1f s)\n", file, names, time.Since(begun).Seconds())
	}
	return nil
}

// importArchive gives an archive to containerd and returns the image names.
func importArchive(ctx context.Context, l layout.Layout, file string) (string, error) {
	if _, err := os.Stat(file); err != nil {
		return "", err
	}
	ctr := exec.CommandContext(ctx, "ctr", "--address", l.ContainerdSocket(), "--namespace", "k8s.io", "images", "import", file)
	output, err := ctr.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("import %s: %w\n%s", file, err, output)
	}
	var names []string
	for line := range strings.Lines(string(output)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "unpacking" {
			names = append(names, words[1])
		}
	}
	return strings.Join(names, " "), nil
}

// importPause builds the sandbox image from the program beside this one and
// imports it as soon as containerd answers.
func importPause(ctx context.Context, l layout.Layout) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	program, err := os.ReadFile(filepath.Join(filepath.Dir(binary), "rerp-pause"))
	if err != nil {
		return fmt.Errorf("rerp-pause must lie beside rerp-node: %w", err)
	}
	archive, err := os.CreateTemp("", "rerp-pause-*.tar")
	if err != nil {
		return err
	}
	defer os.Remove(archive.Name())
	err = image.Write(archive, layout.PauseImage, "pause", program)
	if err = errors.Join(err, archive.Close()); err != nil {
		return err
	}
	for {
		_, err := importArchive(ctx, l, archive.Name())
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("give containerd the pause image: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
