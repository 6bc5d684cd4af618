package it

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
)

// The ports of tests lie below those that the kernel gives to outgoing
// connections: a program that is started again needs its own once more.
const (
	firstPort = 15_000
	portCount = 15_000
)

var nextPort atomic.Uint32

// freePort is a port on which nobody listens. Each process has a place of its
// own to begin at.
func freePort(t *testing.T) int {
	t.Helper()
	for range portCount {
		port := firstPort + (os.Getpid()*997+int(nextPort.Add(1)))%portCount
		listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			check(t, listener.Close())
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}
