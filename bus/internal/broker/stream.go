// The stream and who has read how far. In: a plan. Out: JetStream holds what the
// plan says, and no consumer besides. It must not touch a message.
package broker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"rerp.dev/bus/internal/plan"
)

const (
	// kept is no longer than the kit's inbox remembers an event, so that one
	// that is delivered again is known.
	kept = 30 * 24 * time.Hour
	// remembered is how long a second event of one identifier is dropped: longer
	// than a relay's lease of a minute, after which another relay publishes again.
	remembered = 10 * time.Minute
	// acknowledged is when an event is handed out again: longer than a reader
	// waits for its database and for the answer to its acknowledgment.
	acknowledged = 30 * time.Second
)

func stream(name string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        name,
		Description: "what services of the platform announce",
		Subjects:    []string{plan.Events + ">"},
		Retention:   jetstream.LimitsPolicy,
		Storage:     jetstream.FileStorage,
		Replicas:    1,
		MaxAge:      kept,
		Duplicates:  remembered,
		// Nothing is taken out before its time, whoever asks.
		DenyDelete: true,
		DenyPurge:  true,
	}
}

// consumer hands out one event at a time, in the order of the stream, whichever pod asks.
func consumer(wanted plan.Consumer) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:        wanted.Name,
		Description:    "how far " + wanted.Name + " has read",
		DeliverPolicy:  jetstream.DeliverAllPolicy,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        acknowledged,
		MaxAckPending:  1,
		MaxDeliver:     -1,
		FilterSubjects: wanted.Filters,
	}
}

func (b *Broker) settle(ctx context.Context, wanted *plan.Plan) error {
	held, err := b.streams.CreateOrUpdateStream(ctx, stream(wanted.Stream))
	if err != nil {
		return fmt.Errorf("make the stream %s: %w", wanted.Stream, err)
	}
	names := make([]string, 0, len(wanted.Consumers))
	for _, one := range wanted.Consumers {
		if _, err := held.CreateOrUpdateConsumer(ctx, consumer(one)); err != nil {
			return fmt.Errorf("make the consumer %s: %w", one.Name, err)
		}
		names = append(names, one.Name)
	}
	return remove(ctx, held, names)
}

// remove forgets how far services have read that don't read any more.
func remove(ctx context.Context, held jetstream.Stream, stay []string) error {
	all := held.ConsumerNames(ctx)
	var gone []string
	for name := range all.Name() {
		if !slices.Contains(stay, name) {
			gone = append(gone, name)
		}
	}
	if err := all.Err(); err != nil {
		return fmt.Errorf("list the consumers: %w", err)
	}
	for _, name := range gone {
		if err := held.DeleteConsumer(ctx, name); err != nil {
			return fmt.Errorf("remove the consumer %s: %w", name, err)
		}
	}
	return nil
}
