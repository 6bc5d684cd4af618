package node

import (
	"errors"
	"os"
	"testing"
	"time"

	"rerp.dev/local-cluster/internal/layout"
)

func TestTheLockTellsWhetherAKeeperLives(t *testing.T) {
	l := layout.Layout{Dir: t.TempDir()}
	check := func(want bool) {
		t.Helper()
		if alive, err := Alive(l); err != nil || alive != want {
			t.Fatalf("alive %t, %v", alive, err)
		}
	}
	check(false)
	lock, err := takeLock(l)
	if err != nil {
		t.Fatal(err)
	}
	check(true)
	if _, err := takeLock(l); err == nil {
		t.Error("two keepers")
	}
	lock.Close()
	check(false)
}

func TestForeignDirectoriesAreLeftAlone(t *testing.T) {
	l := layout.Layout{Dir: t.TempDir()}
	if err := os.WriteFile(l.Path("thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(l, time.Second); !errors.Is(err, ErrForeign) {
		t.Errorf("up: %v", err)
	}
	if err := Down(l); !errors.Is(err, ErrForeign) {
		t.Errorf("down: %v", err)
	}
	if _, err := os.Stat(l.Path("thesis.txt")); err != nil {
		t.Error(err)
	}
}

func TestDownOfNothingIsNoError(t *testing.T) {
	l := layout.Layout{Dir: t.TempDir() + "/none"}
	if err := Down(l); err != nil {
		t.Fatal(err)
	}
}

func TestStaleFilesGoAndDownRemovesTheDirectory(t *testing.T) {
	l := layout.Layout{Dir: t.TempDir() + "/state"}
	lock, err := Prepare(l, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if _, err := Prepare(l, 10*time.Millisecond); err == nil {
		t.Error("two starts at once")
	}
	if err := os.MkdirAll(l.Path("etcd", "member"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := sweep(l, upLock); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(l.Dir); err != nil || len(entries) != 2 {
		t.Errorf("left: %v, %v", entries, err)
	}
	if err := Down(l); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(l.Dir); !os.IsNotExist(err) {
		t.Errorf("the directory is left: %v", err)
	}
}

func TestStartTimeTellsProcessesApart(t *testing.T) {
	if startTime(os.Getpid()) == "" || startTime(os.Getpid()) != startTime(os.Getpid()) {
		t.Error("own start time is unknown or unstable")
	}
	if startTime(1<<30) != "" {
		t.Error("a process that can't exist has a start time")
	}
}
