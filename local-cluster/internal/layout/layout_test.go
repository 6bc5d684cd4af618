package layout

import (
	"strings"
	"testing"
)

func TestNewRefusesDirectoriesThatCannotWork(t *testing.T) {
	for _, dir := range []string{
		"relative/dir", "/", "/var", "/run/node", "/var/run/node", "/proc/x", "/dev/shm/x",
		"/tmp/" + strings.Repeat("x", 90), "/srv/../run/node",
	} {
		if _, err := New(dir); err == nil {
			t.Errorf("%q was accepted", dir)
		}
	}
}

func TestNewCleansThePath(t *testing.T) {
	l, err := New("/var/lib//node/./a/..")
	if err != nil || l.Dir != "/var/lib/node" {
		t.Fatalf("got %q, %v", l.Dir, err)
	}
}

func TestNodesOfTwoDirectoriesShareNoCgroup(t *testing.T) {
	a, b := Layout{Dir: "/var/lib/a"}, Layout{Dir: "/var/lib/b"}
	if a.CgroupName() == b.CgroupName() {
		t.Fatalf("both are called %s", a.CgroupName())
	}
	if a.CgroupName() != (Layout{Dir: "/var/lib/a"}).CgroupName() {
		t.Fatal("the name is not stable")
	}
}
