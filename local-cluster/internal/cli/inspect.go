// `status`, `logs` and `forward`: looking at a running node.
package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rerp.dev/local-cluster/internal/forward"
	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/node"
)

func status(l layout.Layout, _ options, out io.Writer) error {
	if err := requireAlive(l); err != nil {
		return err
	}
	spec, err := node.LoadSpec(l)
	if err != nil {
		return err
	}
	kind := "node"
	if spec.ControlPlaneOnly {
		kind = "control plane only"
	}
	fmt.Fprintf(out, "%s in %s, apiserver %s, audit %t\n", kind, l.Dir, spec.HostServer(), spec.Audit)
	states, err := node.Components(l)
	if err != nil {
		return err
	}
	for _, s := range states {
		fmt.Fprintf(out, "%-24s %-8s since %s, restarts %d %s\n",
			s.Name, s.Phase, s.Since.Format(time.TimeOnly), s.Restarts, s.LastExit)
	}
	return nil
}

func logs(l layout.Layout, o options, out io.Writer) error {
	names := o.args
	if len(names) == 0 {
		files, err := filepath.Glob(l.Path("logs", "*.log"))
		if err != nil {
			return err
		}
		for _, file := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".log"))
		}
	}
	for _, name := range names {
		if len(names) > 1 {
			fmt.Fprintf(out, "==> %s\n", name)
		}
		if err := printLog(l.Log(filepath.Base(name)), o.tail, out); err != nil {
			return err
		}
	}
	return nil
}

func printLog(path string, tail int, out io.Writer) error {
	if tail > 0 {
		_, err := io.WriteString(out, tailOf(path, tail))
		return err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no log %s", path)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(out, file)
	return err
}

// tailOf returns the last lines of a file, "" when it can't be read.
func tailOf(path string, lines int) string {
	raw, err := os.ReadFile(path)
	if err != nil || len(raw) == 0 {
		return ""
	}
	all := bytes.SplitAfter(bytes.TrimRight(raw, "\n"), []byte("\n"))
	return string(bytes.Join(all[max(0, len(all)-lines):], nil)) + "\n"
}

func forwardTo(l layout.Layout, o options, out io.Writer) error {
	if err := requireAlive(l); err != nil {
		return err
	}
	ctx := context.Background()
	if len(o.args) == 1 {
		wanted, err := forward.Parse(o.args[0])
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUsage, err)
		}
		return openForward(ctx, l, wanted, out)
	}
	open, err := forward.Add(ctx, l.ControlSocket(), nil)
	if err != nil {
		return err
	}
	for _, f := range open {
		fmt.Fprintf(out, "127.0.0.1:%d -> %s/%s:%d\n", f.HostPort, f.Namespace, f.Service, f.Port)
	}
	return nil
}
