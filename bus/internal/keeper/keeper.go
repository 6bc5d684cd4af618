// Package keeper makes the bus follow its files. In: the folder of the
// certificate and the operator's file, both of which change while the bus runs.
// Out: the broker is as the last good version of each says. A version that can't
// be used is refused whole, told once, and the one before stays.
package keeper

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"rerp.dev/bus/internal/plan"
)

const (
	// pause between two looks. By content: what is mounted from a ConfigMap
	// changes by a swap of links, of which no watch of the file tells.
	pause = time.Second
	// patience is how long the broker may take to become as a plan says.
	patience = 20 * time.Second
)

// Broker is what a plan is applied to.
type Broker interface {
	Apply(context.Context, *plan.Plan) error
}

// Certificates are looked at in each turn.
type Certificates interface {
	Refresh() (bool, error)
}

// Keeper remembers which version is in force.
type Keeper struct {
	file         string
	broker       Broker
	certificates Certificates
	log          *slog.Logger

	// Of the look before: a version is judged once.
	seen    [sha256.Size]byte
	pending *plan.Plan

	mu      sync.Mutex
	stream  string
	trouble string
}

// New keeps broker as file says.
func New(file string, broker Broker, certificates Certificates, log *slog.Logger) *Keeper {
	return &Keeper{
		file: file, broker: broker, certificates: certificates, log: log,
		trouble: "nothing has been applied yet",
	}
}

// Run looks until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		k.Turn(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Turn is one look. Not to be called twice at a time.
func (k *Keeper) Turn(ctx context.Context) {
	switch changed, err := k.certificates.Refresh(); {
	case err != nil:
		k.log.Error("a certificate is not used, the one before is", "error", err)
	case changed:
		k.log.Info("new connections see another certificate")
	}
	k.read()
	if k.pending != nil {
		k.apply(ctx)
	}
}

// read judges the file if it has changed.
func (k *Keeper) read() {
	text, err := os.ReadFile(k.file)
	if err != nil {
		k.refuse(fmt.Errorf("read the file: %w", err))
		// Whatever comes next is looked at, the same as before too.
		k.seen = [sha256.Size]byte{}
		return
	}
	sum := sha256.Sum256(text)
	if sum == k.seen {
		return
	}
	k.seen = sum
	wanted, err := plan.Parse(text)
	if err != nil {
		k.pending = nil
		k.refuse(err)
		return
	}
	k.pending = wanted
}

// apply tries again in every turn until it succeeds, or another version comes.
func (k *Keeper) apply(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := k.broker.Apply(limited, k.pending); err != nil {
		k.refuse(err)
		return
	}
	k.mu.Lock()
	k.stream, k.trouble = k.pending.Stream, ""
	k.mu.Unlock()
	k.log.Info("applied", "users", len(k.pending.Users), "consumers", len(k.pending.Consumers))
	k.pending = nil
}

// refuse says why the file is not in force, once for each reason.
func (k *Keeper) refuse(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.trouble == err.Error() {
		return
	}
	k.trouble = err.Error()
	k.log.Error("the file is not applied, what was before stays", "file", k.file, "error", err)
}

// Trouble is why the last version of the file is not in force; empty if it is.
func (k *Keeper) Trouble() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.trouble
}

// Stream is the stream of the version in force; empty if there was none yet.
func (k *Keeper) Stream() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stream
}
