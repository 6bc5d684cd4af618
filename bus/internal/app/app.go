// Package app wires the bus. In: arguments and the environment. Out: the exit
// code, after a signal, a failure, or what was asked for. It must not hold anything but the wiring.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"rerp.dev/bus/internal/admin"
	"rerp.dev/bus/internal/broker"
	"rerp.dev/bus/internal/certificates"
	"rerp.dev/bus/internal/dump"
	"rerp.dev/bus/internal/keeper"
	"rerp.dev/bus/internal/settings"
)

// goodbye is the longest that stopping may take; a kubelet kills after thirty seconds.
const goodbye = 15 * time.Second

// Main is the program, with its arguments and the environment that get reads:
// without an argument it serves, with `dump` it prints what the stream holds.
func Main(args []string, get func(string) string) int {
	settings, err := settings.Read(get)
	log := logger(settings.JSON)
	switch {
	case err != nil:
	case len(args) == 0:
		err = run(settings, log)
	case len(args) == 1 && args[0] == "dump":
		err = dump.Write(os.Stdout, settings.Store)
	default:
		err = errors.New("expected no argument, or dump")
	}
	if err != nil {
		log.Error("the bus can't go on", "error", err)
		return 1
	}
	return 0
}

func logger(json bool) *slog.Logger {
	if json {
		return slog.New(slog.NewJSONHandler(os.Stdout, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stdout, nil))
}

// run serves until a signal comes or the admin port fails.
func run(settings settings.Settings, log *slog.Logger) error {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	live, err := certificates.Open(settings.TLS)
	if err != nil {
		return err
	}
	config := broker.Config{
		Name: settings.Name, Listen: settings.Listen, Store: settings.Store, Sync: settings.Sync, TLS: live.Config(),
		Trusts: live.Trusts,
	}
	running, err := broker.Start(config, log)
	if err != nil {
		return err
	}
	files := keeper.New(settings.Plan, running, live, log)
	bus := &admin.Bus{
		Accepts: running.Accepts, Trouble: files.Trouble, NotAfter: live.NotAfter, Log: log,
		Look: func(ctx context.Context) (broker.State, error) { return running.Look(ctx, files.Stream()) },
	}
	pages := &http.Server{Addr: settings.Admin, Handler: bus.Handler(), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- pages.ListenAndServe() }()
	kept := make(chan struct{})
	go func() {
		files.Run(stop)
		close(kept)
	}()
	select {
	case <-stop.Done():
		log.Info("stopping")
	case err = <-failed:
		err = fmt.Errorf("serve the admin port: %w", err)
		cancel()
	}
	bus.Leaving.Store(true)
	<-kept
	return errors.Join(err, leave(running), pages.Close())
}

// leave stops the server, and gives up if that takes too long.
func leave(running *broker.Broker) error {
	done := make(chan struct{})
	go func() {
		running.Stop()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-time.After(goodbye):
		return errors.New("the server did not stop in time")
	}
}
