package forward

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	f, err := Parse("8080:rerp/identity:80")
	if err != nil || f != (Forward{HostPort: 8080, Namespace: "rerp", Service: "identity", Port: 80}) {
		t.Fatalf("%+v, %v", f, err)
	}
	if f.String() != "8080:rerp/identity:80" {
		t.Errorf("String: %s", f)
	}
	for _, text := range []string{
		"", "8080", "8080:identity:80", "8080:rerp/identity", "x:rerp/identity:80", "70000:rerp/identity:80",
		"-1:rerp/identity:80", "8080:rerp/identity:0", "8080:rerp/Id:80", "8080:/x:80", "8080:a/b/c:80", "8080:a/-b:80",
	} {
		if f, err := Parse(text); err == nil {
			t.Errorf("%q became %+v", text, f)
		}
	}
}

// The end of one direction must not cut the other one off.
func TestServeKeepsHalfClosedConnections(t *testing.T) {
	far, near := listen(t), listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		conn, err := far.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		got, _ := io.ReadAll(conn)
		_, _ = conn.Write(append([]byte("got "), got...))
	}()
	go Serve(ctx, near, func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", far.Addr().String())
	})
	conn, err := net.Dial("tcp", near.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("all")); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || string(answer) != "got all" {
		t.Fatalf("%q, %v", answer, err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}
