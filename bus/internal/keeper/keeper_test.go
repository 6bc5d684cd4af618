package keeper

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rerp.dev/bus/internal/plan"
)

// fake remembers what was applied.
type fake struct {
	applied []string
	fails   error
	changed bool
	broken  error
}

func (f *fake) Apply(_ context.Context, wanted *plan.Plan) error {
	if f.fails != nil {
		return f.fails
	}
	f.applied = append(f.applied, wanted.Stream)
	return nil
}

func (f *fake) Refresh() (bool, error) { return f.changed, f.broken }

type scene struct {
	*fake
	*Keeper
	t    *testing.T
	said bytes.Buffer
}

func newScene(t *testing.T) *scene {
	s := &scene{fake: &fake{}, t: t}
	file := filepath.Join(t.TempDir(), "events.json")
	s.Keeper = New(file, s.fake, s.fake, slog.New(slog.NewTextHandler(&s.said, nil)))
	return s
}

func (s *scene) write(stream string) {
	s.t.Helper()
	text := `{"stream":"` + stream + `","users":[],"consumers":[]}`
	if err := os.WriteFile(s.file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) turns(count int) {
	for range count {
		s.Turn(s.t.Context())
	}
}

func (s *scene) expect(applied, trouble string) {
	s.t.Helper()
	if got := strings.Join(s.applied, " "); got != applied {
		s.t.Fatalf("applied %q, not %q", got, applied)
	}
	if got := s.Trouble(); (got == "") != (trouble == "") || !strings.Contains(got, trouble) {
		s.t.Fatalf("trouble is %q, not %q", got, trouble)
	}
}

func TestAVersionIsAppliedOnce(t *testing.T) {
	s := newScene(t)
	s.expect("", "nothing has been applied yet")
	s.turns(2)
	s.expect("", "no such file")
	s.write("a")
	s.turns(3)
	s.expect("a", "")
	s.write("b")
	s.turns(3)
	s.expect("a b", "")
}

func TestABadVersionIsToldOnceAndTheOneBeforeStays(t *testing.T) {
	s := newScene(t)
	s.write("a")
	s.turns(1)
	s.write("a.b")
	s.turns(3)
	s.expect("a", "is no name")
	if told := strings.Count(s.said.String(), "is no name"); told != 1 {
		t.Fatalf("told %d times", told)
	}
	if s.Stream() != "a" {
		t.Fatal(s.Stream())
	}
	s.write("a")
	s.turns(2)
	s.expect("a a", "")
}

func TestWhatFailsIsTriedAgainUntilAnotherVersionComes(t *testing.T) {
	s := newScene(t)
	s.fails = errors.New("the disk is full")
	s.write("a")
	s.turns(3)
	s.expect("", "the disk is full")
	s.write("b")
	s.fails = nil
	s.turns(2)
	s.expect("b", "")
}

func TestACertificateThatCanNotBeUsedIsNoTroubleOfTheFile(t *testing.T) {
	s := newScene(t)
	s.write("a")
	s.broken = errors.New("no PEM")
	s.turns(1)
	s.expect("a", "")
	if !strings.Contains(s.said.String(), "no PEM") {
		t.Fatal(s.said.String())
	}
}
