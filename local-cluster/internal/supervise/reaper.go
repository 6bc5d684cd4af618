// Starting and reaping. One place waits for all children, because a process
// that is pid 1 of its namespace also gets the orphans (containerd's shims).
package supervise

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Process is one program to run.
type Process struct {
	// Name is shown to people and names the log.
	Name string
	// Path is the program; Args[0] is the name it sees.
	Path string
	Args []string
	Env  []string
	// Dir is its working directory.
	Dir string
	// Log gets stdout and stderr, appended.
	Log string
	// Stale are files to remove before each start, such as sockets.
	Stale []string
}

type startRequest struct {
	process Process
	reply   chan startReply
}

type startReply struct {
	pid  int
	exit <-chan syscall.WaitStatus
	err  error
}

// reaper starts children and tells who exited.
type reaper struct {
	starts chan startRequest
	mu     sync.Mutex
	exits  map[int]chan syscall.WaitStatus
}

func newReaper(ctx context.Context) *reaper {
	r := &reaper{starts: make(chan startRequest), exits: map[int]chan syscall.WaitStatus{}}
	go r.startLoop(ctx)
	go r.reapLoop(ctx)
	return r
}

// startLoop stays on one thread: the death signal of a child is bound to the
// thread that made it, and the runtime may end other threads.
func (r *reaper) startLoop(ctx context.Context) {
	runtime.LockOSThread()
	for {
		select {
		case <-ctx.Done():
			// Never return: ending this thread would kill the children
			// before the supervisor has stopped them.
			select {}
		case request := <-r.starts:
			request.reply <- r.start(request.process)
		}
	}
}

func (r *reaper) start(p Process) startReply {
	for _, path := range p.Stale {
		if err := os.RemoveAll(path); err != nil {
			return startReply{err: err}
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return startReply{err: err}
	}
	defer null.Close()
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return startReply{err: err}
	}
	defer log.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := syscall.ForkExec(p.Path, p.Args, &syscall.ProcAttr{
		Dir:   p.Dir,
		Env:   p.Env,
		Files: []uintptr{null.Fd(), log.Fd(), log.Fd()},
		Sys:   &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return startReply{err: fmt.Errorf("start %s: %w", p.Path, err)}
	}
	exit := make(chan syscall.WaitStatus, 1)
	r.exits[pid] = exit
	return startReply{pid: pid, exit: exit}
}

// reapLoop waits for all children. The ticker covers signals that merged.
func (r *reaper) reapLoop(ctx context.Context) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGCHLD)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		case <-ticker.C:
		}
		r.reapAll()
	}
}

func (r *reaper) reapAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if exit, ours := r.exits[pid]; ours {
			delete(r.exits, pid)
			exit <- status
		}
	}
}
