package it

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"rerp.dev/bus/internal/app"
)

// asProgram has this test binary be the program.
const asProgram = "RERP_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(app.Main(os.Args[1:], os.Getenv))
	}
	os.Exit(m.Run())
}

// program is the bus as a process, with the files of a world.
type program struct {
	*world
	admin   int
	process *exec.Cmd
}

func newProgram(t *testing.T, grants ...grant) *program {
	t.Helper()
	w := &world{t: t, authority: newAuthority(t), dir: t.TempDir(), port: freePort(t)}
	for _, dir := range []string{"tls", "bus", "store"} {
		check(t, os.Mkdir(w.path(dir), 0o700))
	}
	w.certify(w.authority, w.authority)
	w.write(grants...)
	p := &program{world: w, admin: freePort(t)}
	p.run()
	t.Cleanup(func() {
		p.process.Process.Kill()
		p.process.Wait()
	})
	return p
}

func (p *program) run() {
	p.t.Helper()
	self, err := os.Executable()
	check(p.t, err)
	p.process = exec.Command(self)
	p.starts++
	p.process.Env = p.environment()
	p.process.Stdout = newTestWriter(p.t)
	check(p.t, p.process.Start())
	until(p.t, "the program is ready", func() bool { status, _ := p.page("/readyz"); return status == http.StatusOK })
}

func (p *program) environment() []string {
	return append(os.Environ(), asProgram+"=1", "RERP_LOG_FORMAT=text", fmt.Sprintf("POD_NAME=bus-%d", p.starts),
		fmt.Sprintf("RERP_BUS_ADDR=127.0.0.1:%d", p.port), fmt.Sprintf("RERP_ADMIN_ADDR=127.0.0.1:%d", p.admin),
		"RERP_TLS_DIR="+p.path("tls"), "RERP_BUS_FILE="+p.path("bus/events.json"), "RERP_BUS_STORE="+p.path("store"))
}

// asked starts the program beside the one that serves, and gives what it prints.
func (p *program) asked(argument string) (string, error) {
	p.t.Helper()
	self, err := os.Executable()
	check(p.t, err)
	process := exec.Command(self, argument)
	process.Env = p.environment()
	text, err := process.Output()
	return string(text), err
}

func (p *program) page(path string) (int, string) {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", p.admin, path))
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

func TestAKilledProgramLosesNothingThatWasAcknowledged(t *testing.T) {
	p := newProgram(t, platform()...)
	identity, billing := p.connect("identity"), p.connect("billing")
	for number := range 20 {
		check(t, identity.publish(verified, fmt.Sprint(number)))
	}
	if got, err := billing.next(); err != nil || got != "0" {
		t.Fatalf("%q, %v", got, err)
	}
	check(t, p.process.Process.Kill())
	p.process.Wait()
	p.run()
	until(t, "billing is back", func() bool { return billing.line.IsConnected() })
	// What was acknowledged a moment ago may come again, as the kit's inbox expects.
	for number := 1; number < 20; {
		switch got, err := billing.next(); {
		case err != nil:
			t.Fatal(err)
		case got == fmt.Sprint(number):
			number++
		case got != "0" || number > 1:
			t.Fatalf("%q, not %d", got, number)
		}
	}
}

func TestTheProgramFollowsItsFilesAndSaysHowItIs(t *testing.T) {
	p := newProgram(t, platform()...)
	check(t, p.connect("identity").publish(verified, "1"))
	if _, text := p.page("/metrics"); !strings.Contains(text, "\nrerp_bus_stream_messages 1\n") ||
		!strings.Contains(text, `rerp_bus_consumer_waiting{consumer="billing"} 1`) ||
		!strings.Contains(text, "\nrerp_bus_connections 1\n") {
		t.Fatal(text)
	}
	p.writeText([]byte("{"))
	until(t, "a bad file is told", func() bool {
		status, text := p.page("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(text, "JSON")
	})
	if status, _ := p.page("/livez"); status != http.StatusOK {
		t.Fatal("a bad file is nothing that a restart would cure")
	}
	p.connect("account")
	p.write(append(platform(), grant{service: "fte", consumes: []string{verified}})...)
	until(t, "a good file is taken", func() bool { status, _ := p.page("/readyz"); return status == http.StatusOK })
	if got, err := p.connect("fte").next(); err != nil || got != "1" {
		t.Fatalf("%q, %v", got, err)
	}
}

// What was acknowledged is in the files by then, whoever serves them.
func TestWhatIsStoredIsPrintedBesideTheServer(t *testing.T) {
	p := newProgram(t, platform()...)
	check(t, p.connect("identity").publish(verified, "needle-in-a-stream"))
	text, err := p.asked("dump")
	check(t, err)
	if !strings.Contains(text, "needle-in-a-stream") || !strings.Contains(text, "rerp."+verified) {
		t.Fatalf("not in %q", text)
	}
	if _, err := p.asked("purge"); err == nil {
		t.Fatal("it does what nobody has heard of")
	}
	if status, _ := p.page("/readyz"); status != http.StatusOK {
		t.Fatal("looking has disturbed it")
	}
}

func TestTheProgramLeavesWhenItIsAskedTo(t *testing.T) {
	p := newProgram(t, platform()...)
	identity := p.connect("identity")
	check(t, identity.publish(verified, "1"))
	check(t, p.process.Process.Signal(syscall.SIGTERM))
	done := make(chan error, 1)
	go func() { done <- p.process.Wait() }()
	select {
	case err := <-done:
		check(t, err)
	case <-time.After(limit):
		t.Fatal("it stays")
	}
	if identity.stayed() {
		t.Fatal("a connection to nobody")
	}
}
