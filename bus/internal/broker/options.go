// What the server is started and reloaded with. In: where it keeps things, and a
// plan. Out: the server's own options. Everything that a plan doesn't say is the
// same each time, so that a reload changes who may do what and nothing else.
package broker

import (
	"github.com/nats-io/nats-server/v2/server"

	"rerp.dev/bus/internal/plan"
)

const (
	// manager is this process to the server. No SPIFFE ID is like it.
	manager = "bus"
	// most is the largest event, in bytes; the kit's are below a kilobyte.
	most = 256 * 1024
)

// options for a plan. The server listens nowhere: whoever comes has passed the
// door, which knows the word of which this is the hash.
func (c Config) options(hash string, wanted *plan.Plan) *server.Options {
	options := &server.Options{
		ServerName: c.Name,
		DontListen: true,
		// main handles signals.
		NoSigs:                 true,
		MaxPayload:             most,
		JetStream:              true,
		DisableJetStreamBanner: true,
		StoreDir:               c.Store,
		// Who publishes forgets the event once it is acknowledged, so that should
		// mean: on the disk. A process that is killed loses nothing either way.
		SyncAlways:   c.Sync == 0,
		SyncInterval: c.Sync,
		Users:        []*server.User{{Username: manager, Password: hash}},
	}
	for _, user := range wanted.Users {
		options.Users = append(options.Users, &server.User{
			Username: user.Identity,
			Password: hash,
			Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: user.Publish},
				Subscribe: &server.SubjectPermission{Allow: user.Subscribe},
			},
		})
	}
	return options
}
