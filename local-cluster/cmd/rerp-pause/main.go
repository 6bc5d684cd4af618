// Command rerp-pause holds the namespaces of a pod: it waits, and reaps the
// orphans of pods that share their process namespace. It reads and writes
// nothing.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGINT)
	// An ignored SIGCHLD makes the kernel reap orphans by itself.
	signal.Ignore(syscall.SIGCHLD)
	<-ends
}
