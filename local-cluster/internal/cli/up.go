// `up`: start, follow, and explain when it fails.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"rerp.dev/local-cluster/internal/forward"
	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/node"
	"rerp.dev/local-cluster/internal/progress"
	"rerp.dev/local-cluster/internal/supervise"
)

func up(l layout.Layout, o options, out io.Writer) error {
	if err := checkMachine(o.spec.ControlPlaneOnly); err != nil {
		return err
	}
	lock, err := node.Prepare(l, o.timeout)
	if err != nil {
		return err
	}
	defer lock.Close()
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	f := &follower{layout: l, out: out, begun: time.Now()}
	ended, err := begin(l, o, out)
	if err != nil {
		return err
	}
	if err := f.follow(ctx, o, ended); err != nil {
		// Nothing half-started stays behind; the logs do.
		return errors.Join(err, node.Stop(l))
	}
	for _, wanted := range o.forwards {
		if err := openForward(ctx, l, wanted, out); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "ready after %.1f s\nexport KUBECONFIG=%s\n", time.Since(f.begun).Seconds(), l.Kubeconfig())
	return nil
}

// begin starts a node, or finds the one that runs. The channel is nil in the
// second case.
func begin(l layout.Layout, o options, out io.Writer) (<-chan error, error) {
	alive, err := node.Alive(l)
	if err != nil {
		return nil, err
	}
	if !alive {
		fmt.Fprintf(out, "starting a node in %s\n", l.Dir)
		return node.Spawn(l, o.spec)
	}
	running, err := node.LoadSpec(l)
	if err != nil {
		return nil, err
	}
	if running.ControlPlaneOnly != o.spec.ControlPlaneOnly || (o.spec.Audit && !running.Audit) {
		return nil, fmt.Errorf("a node with other options runs in %s: end it first with `rerp-node down --state %s`", l.Dir, l.Dir)
	}
	fmt.Fprintf(out, "the node in %s runs already\n", l.Dir)
	return nil, nil
}

// follower prints the journal of a start.
type follower struct {
	layout layout.Layout
	out    io.Writer
	begun  time.Time
	seen   int
	// waits is the component the start waits for at the moment.
	waits string
}

func (f *follower) follow(ctx context.Context, o options, ended <-chan error) error {
	imported := make(chan error, 1)
	if !o.spec.ControlPlaneOnly {
		go func() { imported <- importPause(ctx, f.layout) }()
	} else {
		imported <- nil
	}
	f.waits = "kube-apiserver"
	ready, hasPause := false, false
	for !ready || !hasPause {
		select {
		case <-ctx.Done():
			return f.blame(f.waits, fmt.Errorf("not ready within %s", o.timeout))
		case cause := <-ended:
			return f.blame(f.waits, fmt.Errorf("the node ended while starting: %w", orUnknown(cause)))
		case err := <-imported:
			if err != nil {
				return f.blame("containerd", err)
			}
			hasPause = true
		case <-time.After(50 * time.Millisecond):
		}
		var err error
		if ready, err = f.read(); err != nil {
			return err
		}
		if err := f.checkComponents(); err != nil {
			return err
		}
	}
	return nil
}

func orUnknown(cause error) error {
	if cause == nil {
		return errors.New("exit code 0")
	}
	return cause
}

// read prints what is new in the journal and tells whether it is complete.
func (f *follower) read() (ready bool, err error) {
	steps, err := progress.Read(f.layout.Progress())
	if err != nil {
		return false, err
	}
	for ; f.seen < len(steps); f.seen++ {
		step := steps[f.seen]
		if !step.Done {
			f.waits = step.Component
			continue
		}
		if step.Name != progress.Ready {
			fmt.Fprintf(f.out, "%5.1f s  %s\n", time.Since(f.begun).Seconds(), step.Name)
		}
	}
	return len(steps) > 0 && steps[len(steps)-1].Name == progress.Ready, nil
}

func (f *follower) checkComponents() error {
	states, err := node.Components(f.layout)
	if err != nil {
		return err
	}
	for _, state := range states {
		if state.Phase == supervise.Failed {
			return f.blame(state.Name, fmt.Errorf("%s failed for good: %s", state.Name, state.LastExit))
		}
	}
	return nil
}

// blame adds the end of the responsible component's log to an error.
func (f *follower) blame(component string, cause error) error {
	const lines = 25
	text := fmt.Sprintf("\n--- end of %s\n%s", f.layout.Log(component), tailOf(f.layout.Log(component), lines))
	if own := tailOf(f.layout.Log("node"), lines); own != "" {
		text += fmt.Sprintf("--- end of %s\n%s", f.layout.Log("node"), own)
	}
	return fmt.Errorf("%w%s", cause, text)
}

func openForward(ctx context.Context, l layout.Layout, wanted forward.Forward, out io.Writer) error {
	open, err := forward.Add(ctx, l.ControlSocket(), &wanted)
	if err != nil {
		return err
	}
	for _, f := range open {
		if f.Namespace == wanted.Namespace && f.Service == wanted.Service && f.Port == wanted.Port {
			fmt.Fprintf(out, "127.0.0.1:%d -> %s/%s:%d\n", f.HostPort, f.Namespace, f.Service, f.Port)
		}
	}
	return nil
}
