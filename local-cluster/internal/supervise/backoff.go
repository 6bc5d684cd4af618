// Package supervise starts processes, starts them again when they exit, and
// reaps every child, adopted ones included. In: process descriptions. Out:
// their states. It knows nothing of Kubernetes.
package supervise

import "time"

const (
	firstDelay = 200 * time.Millisecond
	maxDelay   = 10 * time.Second
	// steadyAfter is how long a process must live to count as healthy again.
	steadyAfter = 30 * time.Second
	// maxFailures in a row, none of them steady, end the attempts.
	maxFailures = 7
)

// Backoff decides when an exited process is started again.
type Backoff struct{ failures int }

// Next takes how long the process lived and returns the delay before the next
// start; ok is false when it failed too often to be tried again.
func (b *Backoff) Next(lived time.Duration) (delay time.Duration, ok bool) {
	if lived >= steadyAfter {
		b.failures = 0
	}
	b.failures++
	if b.failures >= maxFailures {
		return 0, false
	}
	delay = firstDelay << (b.failures - 1)
	return min(delay, maxDelay), true
}
