// The table of commands.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	localcluster "rerp.dev/local-cluster"
	"rerp.dev/local-cluster/internal/component"
	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/node"
)

// Exit codes besides 0 and 1.
const (
	exitUsage      = 2
	exitNotRunning = 3
)

var errNotRunning = errors.New("the node does not run: start it with `rerp-node up`")

// Run executes one command line, without the program's name.
func Run(arguments []string, out, problems io.Writer) int {
	if len(arguments) == 0 || strings.Contains(" help -h --help ", " "+arguments[0]+" ") {
		fmt.Fprint(out, usage)
		return 0
	}
	code, err := dispatch(arguments[0], arguments[1:], out)
	if err == nil {
		return code
	}
	fmt.Fprintln(problems, "rerp-node:", err)
	switch {
	case errors.Is(err, ErrUsage):
		fmt.Fprint(problems, "\n"+usage)
		return exitUsage
	case errors.Is(err, errNotRunning):
		return exitNotRunning
	}
	return 1
}

func dispatch(command string, arguments []string, out io.Writer) (int, error) {
	commands := map[string]func(layout.Layout, options, io.Writer) error{
		"up": up, "down": down, "status": status, "load": load,
		"forward": forwardTo, "logs": logs, "audit": audit, "packages": packages,
		"kubectl": kubectl,
	}
	run, known := commands[command]
	if !known {
		return 0, fmt.Errorf("%w: unknown command %q", ErrUsage, command)
	}
	o, err := parse(command, arguments)
	if err != nil {
		return 0, err
	}
	l, err := layout.New(o.state)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return 0, run(l, o, out)
}

func requireAlive(l layout.Layout) error {
	alive, err := node.Alive(l)
	if err == nil && !alive {
		return errNotRunning
	}
	return err
}

func down(l layout.Layout, _ options, out io.Writer) error {
	if err := node.Down(l); err != nil {
		return err
	}
	fmt.Fprintf(out, "node down, %s removed\n", l.Dir)
	return nil
}

// kubectl hands over to kubectl, which ends the process itself on failure.
func kubectl(l layout.Layout, o options, _ io.Writer) error {
	if err := requireAlive(l); err != nil {
		return err
	}
	if err := os.Setenv("KUBECONFIG", l.Kubeconfig()); err != nil {
		return err
	}
	component.Kubectl(o.args)
	return nil
}

func audit(l layout.Layout, _ options, out io.Writer) error {
	if err := requireAlive(l); err != nil {
		return err
	}
	spec, err := node.LoadSpec(l)
	if err != nil {
		return err
	}
	if !spec.Audit {
		return errors.New("the node was started without --audit")
	}
	fmt.Fprintln(out, l.AuditLog())
	return nil
}

func packages(_ layout.Layout, _ options, out io.Writer) error {
	fmt.Fprint(out, localcluster.Packages)
	return nil
}
