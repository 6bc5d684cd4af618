// Package cli holds the commands people and xtask call. In: arguments. Out:
// text and an exit code.
package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"rerp.dev/local-cluster/internal/forward"
	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/render"
)

// ErrUsage means that the arguments can't be understood.
var ErrUsage = errors.New("wrong arguments")

// options are the flags of all commands; each command defines its own.
type options struct {
	state    string
	spec     render.Spec
	forwards []forward.Forward
	timeout  time.Duration
	tail     int
	args     []string
}

// parse reads the flags of one command. Arguments after `--` or after the
// first that is no flag are left in args.
func parse(command string, arguments []string) (options, error) {
	o := options{timeout: 3 * time.Minute}
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	initial := layout.DefaultDir
	if fromEnv := os.Getenv("RERP_NODE_STATE"); fromEnv != "" {
		initial = fromEnv
	}
	flags.StringVar(&o.state, "state", initial, "state directory")
	switch command {
	case "up":
		flags.BoolVar(&o.spec.Audit, "audit", false, "write an audit log")
		flags.BoolVar(&o.spec.ControlPlaneOnly, "control-plane-only", false, "no pods")
		flags.DurationVar(&o.timeout, "timeout", o.timeout, "how long to wait")
		flags.Func("forward", "HOSTPORT:namespace/service:port", o.addForward)
	case "logs":
		flags.IntVar(&o.tail, "tail", 0, "only the last lines")
	}
	if err := flags.Parse(arguments); err != nil {
		return o, fmt.Errorf("%w: %s: %w", ErrUsage, command, err)
	}
	o.args = flags.Args()
	return o, checkCount(command, o)
}

func (o *options) addForward(text string) error {
	f, err := forward.Parse(text)
	if err != nil {
		return err
	}
	o.forwards = append(o.forwards, f)
	return nil
}

func checkCount(command string, o options) error {
	if o.spec.ControlPlaneOnly && len(o.forwards) > 0 {
		return fmt.Errorf("%w: without a node there is no Service to forward to", ErrUsage)
	}
	switch command {
	case "kubectl":
		return nil
	case "load":
		if len(o.args) == 0 {
			return fmt.Errorf("%w: load needs at least one archive", ErrUsage)
		}
	case "forward", "logs":
		if len(o.args) > 1 {
			return fmt.Errorf("%w: %s takes one argument at most", ErrUsage, command)
		}
	default:
		if len(o.args) > 0 {
			return fmt.Errorf("%w: %s does not take %q", ErrUsage, command, strings.Join(o.args, " "))
		}
	}
	return nil
}

const usage = `rerp-node: one real Kubernetes node on this machine, without Docker

  up       [--state DIR] [--audit] [--control-plane-only] [--forward F]... [--timeout 3m]
           start and wait until ready; does nothing when it runs already
  down     [--state DIR]            end everything, remove the state directory
  status   [--state DIR]            exit code 0: runs, 3: does not run
  kubectl  [--state DIR] -- ARGS    kubectl against the node
  load     [--state DIR] FILE...    import image archives (docker save or OCI)
  forward  [--state DIR] [F]        open a way to a Service; without F list them
  logs     [--state DIR] [--tail N] [COMPONENT]
  audit    [--state DIR]            print the path of the audit log
  packages                          print the Debian packages a node needs

F is HOSTPORT:namespace/service:port; HOSTPORT 0 takes a free port of 127.0.0.1.
DIR is $RERP_NODE_STATE or ` + layout.DefaultDir + ` when not given.
`
