// Command rerp-bus is the event bus of a namespace: NATS with JetStream as a
// library, entered with a certificate, and told by the operator who may do what.
package main

import (
	"os"

	"rerp.dev/bus/internal/app"
)

func main() {
	os.Exit(app.Main(os.Args[1:], os.Getenv))
}
