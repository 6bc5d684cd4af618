// Package settings reads the environment. In: the variables of the process.
// Out: checked settings, or every mistake at once. It must not open anything.
package settings

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Settings are the choices made where the bus runs.
type Settings struct {
	// Name of this server, POD_NAME: shown to clients.
	Name string
	// Listen is where clients connect, RERP_BUS_ADDR.
	Listen string
	// Admin is where health and metrics are, RERP_ADMIN_ADDR.
	Admin string
	// TLS is the folder of the certificate, RERP_TLS_DIR.
	TLS string
	// Plan is the file that the operator writes, RERP_BUS_FILE.
	Plan string
	// Store is the folder of the stream, RERP_BUS_STORE.
	Store string
	// Sync is how long an acknowledged event may be in memory alone,
	// RERP_BUS_SYNC; 0: not at all.
	Sync time.Duration
	// JSON tells how log lines look, RERP_LOG_FORMAT.
	JSON bool
}

// Read asks get for each variable; an empty one counts as not set.
func Read(get func(string) string) (Settings, error) {
	text := func(name, usual string) string {
		if value := get(name); value != "" {
			return value
		}
		return usual
	}
	var mistakes []error
	address := func(name, usual string) string {
		value := text(name, usual)
		if err := checkAddress(value); err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", name, err))
		}
		return value
	}
	listen, admin := address("RERP_BUS_ADDR", "0.0.0.0:4222"), address("RERP_ADMIN_ADDR", "0.0.0.0:9090")
	sync, err := interval(text("RERP_BUS_SYNC", "always"))
	if err != nil {
		mistakes = append(mistakes, fmt.Errorf("RERP_BUS_SYNC: %w", err))
	}
	format := text("RERP_LOG_FORMAT", "json")
	if format != "json" && format != "text" {
		mistakes = append(mistakes, errors.New("RERP_LOG_FORMAT: expected json or text"))
	}
	return Settings{
		Name:   text("POD_NAME", "bus"),
		Listen: listen,
		Admin:  admin,
		TLS:    text("RERP_TLS_DIR", "/etc/rerp/tls"),
		Plan:   text("RERP_BUS_FILE", "/etc/rerp/bus/events.json"),
		Store:  text("RERP_BUS_STORE", "/var/lib/rerp/bus"),
		Sync:   sync,
		JSON:   format == "json",
	}, errors.Join(mistakes...)
}

// checkAddress wants a port that is chosen, not one the system may choose.
func checkAddress(text string) error {
	_, number, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("expected an address such as 0.0.0.0:4222")
	}
	if port, err := strconv.ParseUint(number, 10, 16); err != nil || port == 0 {
		return errors.New("expected a port from 1 to 65535")
	}
	return nil
}

func interval(text string) (time.Duration, error) {
	if text == "always" {
		return 0, nil
	}
	pause, err := time.ParseDuration(text)
	if err != nil || pause < 100*time.Millisecond || pause > time.Minute {
		return 0, errors.New("expected always, or from 100ms to 1m")
	}
	return pause, nil
}
