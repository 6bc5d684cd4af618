// What the server is doing, in numbers. In: nothing. Out: a State, for whoever
// watches the bus.
package broker

import (
	"context"
	"fmt"
)

// State is a look at the server.
type State struct {
	// Connections of services that are open.
	Connections int
	// Messages and Bytes are what the stream holds.
	Messages, Bytes uint64
	// Readers are the consumers.
	Readers []Reader
}

// Reader is a look at one consumer.
type Reader struct {
	// Name of the consumer.
	Name string
	// Waiting are events it has yet to get.
	Waiting uint64
	// Unacknowledged are events it has got and not acknowledged.
	Unacknowledged int
}

// Look asks the server, which must have applied a plan with this stream.
func (b *Broker) Look(ctx context.Context, stream string) (State, error) {
	held, err := b.streams.Stream(ctx, stream)
	if err != nil {
		return State{}, fmt.Errorf("look at the stream: %w", err)
	}
	kept := held.CachedInfo().State
	state := State{Messages: kept.Msgs, Bytes: kept.Bytes}
	// This process's own connection is no service's.
	state.Connections = max(b.server.NumClients()-1, 0)
	all := held.ListConsumers(ctx)
	for info := range all.Info() {
		state.Readers = append(state.Readers, Reader{
			Name: info.Name, Waiting: info.NumPending, Unacknowledged: info.NumAckPending,
		})
	}
	if err := all.Err(); err != nil {
		return State{}, fmt.Errorf("look at the consumers: %w", err)
	}
	return state, nil
}
