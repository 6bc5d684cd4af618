// The server's log lines as ours. In: its formatted lines. Out: structured ones.
package broker

import (
	"fmt"
	"log/slog"
)

// lines hands the server's lines on. What it traces would be messages, so it is
// never asked to.
type lines struct{ to *slog.Logger }

func (l lines) Noticef(format string, args ...any) { l.to.Info(fmt.Sprintf(format, args...)) }
func (l lines) Warnf(format string, args ...any)   { l.to.Warn(fmt.Sprintf(format, args...)) }
func (l lines) Errorf(format string, args ...any)  { l.to.Error(fmt.Sprintf(format, args...)) }
func (l lines) Debugf(string, ...any)              {}
func (l lines) Tracef(string, ...any)              {}

// Fatalf doesn't end the process: whoever starts the server sees that it didn't come up.
func (l lines) Fatalf(format string, args ...any) { l.Errorf(format, args...) }
