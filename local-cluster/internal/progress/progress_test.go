package progress

import (
	"path/filepath"
	"testing"
)

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	if steps, err := Read(path); err != nil || steps != nil {
		t.Fatalf("%v, %v", steps, err)
	}
	want := []Step{{Name: "node", Component: "kubelet"}, {Name: Ready, Component: "addons", Done: true}}
	for _, step := range want {
		if err := Append(path, step); err != nil {
			t.Fatal(err)
		}
	}
	steps, err := Read(path)
	if err != nil || len(steps) != 2 || steps[0] != want[0] || steps[1] != want[1] {
		t.Fatalf("%v, %v", steps, err)
	}
}

func TestALineBeingWrittenIsLeftOut(t *testing.T) {
	steps, err := parse([]byte("{\"name\":\"a\"}\n{\"name\":"))
	if err != nil || len(steps) != 1 || steps[0].Name != "a" {
		t.Fatalf("%v, %v", steps, err)
	}
}
