// Package addons is the node's own client of the apiserver: it adds what a
// cluster is expected to have (a default storage class, cluster DNS), says
// when the node is ready, and then makes volumes. Beside all that it enforces
// network policies.
package addons

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/node"
	"rerp.dev/local-cluster/internal/progress"
)

// Name is the argv[0] under which the binary becomes this component.
const Name = "addons"

// stepDeadline bounds each wait; the supervisor starts us again after it.
const stepDeadline = 90 * time.Second

type step struct {
	progress.Step
	try func(context.Context) error
}

// Run works until it is told to end.
func Run(dir string) error {
	l, err := layout.New(dir)
	if err != nil {
		return err
	}
	spec, err := node.LoadSpec(l)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", l.InnerKubeconfig(Name))
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 50, 100
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if spec.ControlPlaneOnly {
		if err := takeSteps(ctx, l, steps(client, true)); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	return serveNode(ctx, l, client)
}

func steps(client kubernetes.Interface, controlPlaneOnly bool) []step {
	accounts := step{progress.Step{Name: "service accounts", Component: "kube-controller-manager"}, accountsExist(client)}
	if controlPlaneOnly {
		return []step{accounts}
	}
	return []step{
		{progress.Step{Name: "storage class and DNS service", Component: "kube-apiserver"}, objectsApplied(client)},
		accounts,
		{progress.Step{Name: "node", Component: "kubelet"}, nodeReady(client)},
		{progress.Step{Name: "cluster DNS through its Service", Component: "coredns"}, resolves},
	}
}

// takeSteps waits for one step after the other and keeps the journal.
func takeSteps(ctx context.Context, l layout.Layout, list []step) error {
	for _, s := range list {
		if err := progress.Append(l.Progress(), s.Step); err != nil {
			return err
		}
		if err := await(ctx, s); err != nil {
			return err
		}
		s.Done = true
		if err := progress.Append(l.Progress(), s.Step); err != nil {
			return err
		}
	}
	return progress.Append(l.Progress(), progress.Step{Name: progress.Ready, Component: Name, Done: true})
}

func await(ctx context.Context, s step) error {
	ctx, cancel := context.WithTimeout(ctx, stepDeadline)
	defer cancel()
	said := ""
	for {
		err := s.try(ctx)
		if err == nil {
			return nil
		}
		if err.Error() != said {
			said = err.Error()
			log.Printf("%s: %s", s.Name, said)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %s: %w", s.Name, stepDeadline, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Main is the process: it returns the exit code.
func Main() int {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: addons STATE-DIRECTORY")
		return 2
	}
	if err := Run(os.Args[1]); err != nil {
		log.Print(err)
		return 1
	}
	return 0
}
