// The keeper: the one process of a node in the machine's own namespaces. It
// starts the node, holds the listeners on 127.0.0.1, and ends with the node.
package node

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"rerp.dev/local-cluster/internal/forward"
	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/render"
	"rerp.dev/local-cluster/internal/supervise"
)

// KeeperName is the argv[0] under which the binary becomes the keeper.
const KeeperName = "rerp-node-keeper"

// endDeadline bounds the end of all processes after a kill.
const endDeadline = 20 * time.Second

// Keep runs a node until it is told to end or the node ends by itself. The
// state directory must be fresh and hold the spec.
func Keep(dir string) error {
	// The node's pid 1 dies with the thread that made it: stay on one.
	runtime.LockOSThread()
	l, err := layout.New(dir)
	if err != nil {
		return err
	}
	lock, err := takeLock(l)
	if err != nil {
		return err
	}
	defer lock.Close()
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if err := os.MkdirAll(l.Path("run"), 0o700); err != nil {
		return err
	}
	if err := savePids(l, Pids{Keeper: os.Getpid()}); err != nil {
		return err
	}
	return keepFresh(ctx, l)
}

// keepFresh fills the state directory and runs the node in it.
func keepFresh(ctx context.Context, l layout.Layout) error {
	spec, err := LoadSpec(l)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for clients: %w", err)
	}
	defer listener.Close()
	spec.APIPort = listener.Addr().(*net.TCPAddr).Port
	if err := SaveSpec(l, spec); err != nil {
		return err
	}
	if err := writeFiles(l, spec); err != nil {
		return err
	}
	if spec.ControlPlaneOnly {
		// The apiserver itself takes the port that was found free.
		listener.Close()
		return keepControlPlane(ctx, l, spec)
	}
	return keepNode(ctx, l, listener)
}

func keepControlPlane(ctx context.Context, l layout.Layout, spec render.Spec) error {
	s := supervise.New(ctx, l.Components())
	err := runComponents(ctx, s, l, spec)
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, s.Kill(endDeadline))
}

func keepNode(ctx context.Context, l layout.Layout, listener net.Listener) error {
	if err := createCgroups(l.CgroupName()); err != nil {
		return err
	}
	init, err := startInit(l)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	err = serve(ctx, l, listener, init.Process.Pid)
	if err == nil {
		go func() { ended <- init.Wait() }()
		select {
		case <-ctx.Done():
			log.Printf("told to end")
			err = endInit(init, ended)
		case cause := <-ended:
			err = fmt.Errorf("the node ended by itself: %w", cause)
		}
	} else {
		err = errors.Join(err, init.Process.Kill(), init.Wait())
	}
	return errors.Join(err, removeCgroups(l.CgroupName(), endDeadline))
}

func endInit(init *exec.Cmd, ended <-chan error) error {
	if err := init.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-time.After(endDeadline):
		return fmt.Errorf("the node did not end within %s", endDeadline)
	}
}

// startInit starts pid 1 of the node in its own namespaces.
func startInit(l layout.Layout) (*exec.Cmd, error) {
	init := exec.Command(self, l.Dir)
	init.Args[0] = InitName
	init.Env = environment(l)
	init.Dir = "/"
	init.Stdout, init.Stderr = os.Stdout, os.Stderr
	init.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
			syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig: syscall.SIGKILL,
	}
	if err := init.Start(); err != nil {
		return nil, fmt.Errorf("start the node's namespaces: %w", err)
	}
	pid := init.Process.Pid
	return init, savePids(l, Pids{Keeper: os.Getpid(), Init: pid, InitStarted: startTime(pid)})
}

// serve opens the ways from the host into the node.
func serve(ctx context.Context, l layout.Layout, listener net.Listener, pid int) error {
	dialer, err := forward.NewDialer("/proc/" + strconv.Itoa(pid) + "/ns/net")
	if err != nil {
		return err
	}
	api := net.JoinHostPort("127.0.0.1", strconv.Itoa(layout.InnerAPIPort))
	go forward.Serve(ctx, listener, func(ctx context.Context) (net.Conn, error) {
		return dialer.Dial(ctx, "tcp4", api)
	})
	resolver := forward.NewResolver(dialer, net.JoinHostPort(layout.NodeAddress, "53"), layout.ClusterDomain)
	return forward.ServeControl(ctx, l.ControlSocket(), resolver)
}
