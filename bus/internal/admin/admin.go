// Package admin answers kubelets and Prometheus. In: what the bus is doing. Out:
// `/livez`, `/readyz` and `/metrics`, under the same paths and on the same port
// as in every service. It must not be exposed to those who use the bus.
package admin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"rerp.dev/bus/internal/broker"
)

// patience is how long the broker may take to say how it is.
const patience = 2 * time.Second

// Bus is what the pages tell of.
type Bus struct {
	// Accepts tells whether clients can connect.
	Accepts func() bool
	// Trouble is why the operator's file is not in force; empty if it is.
	Trouble func() string
	// Look asks for numbers; it may fail before the first file is applied.
	Look func(context.Context) (broker.State, error)
	// NotAfter is when the certificate in use ends.
	NotAfter func() time.Time
	// Log hears what a page can't tell.
	Log *slog.Logger
	// Leaving is set once the process was told to stop.
	Leaving atomic.Bool
}

// Handler has the pages.
func (b *Bus) Handler() http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, "") })
	pages.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, b.unready()) })
	pages.HandleFunc("GET /metrics", b.metrics)
	return pages
}

// unready says what is amiss.
func (b *Bus) unready() string {
	switch {
	case b.Leaving.Load():
		return "leaving"
	case !b.Accepts():
		return "the server does not accept clients"
	default:
		return b.Trouble()
	}
}

func answer(w http.ResponseWriter, trouble string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if trouble != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, trouble)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (b *Bus) metrics(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	ready := 0
	if b.unready() == "" {
		ready = 1
	}
	gauge(w, "rerp_bus_ready", "Whether clients are accepted and the last file is applied.", ready)
	gauge(w, "rerp_tls_certificate_end_seconds", "When the certificate in use ends.", b.NotAfter().Unix())
	state, err := b.Look(ctx)
	if err != nil {
		b.Log.Warn("numbers are missing on the metrics page", "error", err)
		return
	}
	gauge(w, "rerp_bus_connections", "Connections of services.", state.Connections)
	gauge(w, "rerp_bus_stream_messages", "Events that are kept.", state.Messages)
	gauge(w, "rerp_bus_stream_bytes", "What they weigh.", state.Bytes)
	head(w, "rerp_bus_consumer_waiting", "Events that a service has yet to get.")
	for _, reader := range state.Readers {
		fmt.Fprintf(w, "rerp_bus_consumer_waiting{consumer=%q} %d\n", reader.Name, reader.Waiting)
	}
	head(w, "rerp_bus_consumer_unacknowledged", "Events that a service has got and not acknowledged.")
	for _, reader := range state.Readers {
		fmt.Fprintf(w, "rerp_bus_consumer_unacknowledged{consumer=%q} %d\n", reader.Name, reader.Unacknowledged)
	}
}

func gauge[N int | int64 | uint64](w io.Writer, name, help string, value N) {
	head(w, name, help)
	fmt.Fprintf(w, "%s %d\n", name, value)
}

func head(w io.Writer, name, help string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}
