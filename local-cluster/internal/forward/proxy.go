// Copying connections.
package forward

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"sync"
	"time"
)

// Connect opens the far side of a forwarded connection.
type Connect func(context.Context) (net.Conn, error)

// Serve accepts until the context ends or the listener closes.
func Serve(ctx context.Context, listener net.Listener, connect Connect) {
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	for {
		near, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of file descriptors, most likely: it passes.
			log.Printf("accept on %s: %v", listener.Addr(), err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go relay(ctx, near, connect)
	}
}

func relay(ctx context.Context, near net.Conn, connect Connect) {
	defer near.Close()
	far, err := connect(ctx)
	if err != nil {
		log.Printf("forward from %s: %v", near.LocalAddr(), err)
		return
	}
	defer far.Close()
	var both sync.WaitGroup
	both.Go(func() { pump(far, near) })
	both.Go(func() { pump(near, far) })
	both.Wait()
}

// pump copies one direction and passes the end of the stream on; an error on
// either side ends both directions.
func pump(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		from.Close()
		return
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		return
	}
	to.Close()
}
