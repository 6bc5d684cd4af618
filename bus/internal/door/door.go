// Package door lets services in. In: TCP connections. Out: for each one whose
// certificate has an identity, a connection inside this process to the server,
// under that identity. What the identity may do is the server's business; where
// answers may go is this package's, for the server has no rule for that.
package door

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

const (
	// patience is the time a client has for TLS and for saying what it wants.
	patience = 5 * time.Second
	// stalled is how long a client may read nothing of what is there for it.
	stalled = 10 * time.Second
	// crowd is the most connections at a time.
	crowd = 1024
)

// Door is an open listener and everybody who came in by it.
type Door struct {
	// TLS shows each connection the newest certificate, and wants one of the client.
	TLS *tls.Config
	// Server opens a connection inside this process.
	Server func() (net.Conn, error)
	// Trusts tells whether a client's certificate would still be taken: a
	// connection ends with the certificate, or with the trust in it, that it began
	// with. Asked every so often, Again apart.
	Trusts func(*x509.Certificate) bool
	Again  time.Duration
	// Word is what the server takes for the truth of an identity.
	Word string
	// MayListen tells whether an identity may subscribe to a subject.
	MayListen func(identity, subject string) bool
	// Most is the largest event, in bytes.
	Most int
	// Log hears who was turned away.
	Log *slog.Logger

	inside sync.WaitGroup
	places chan struct{}
}

// Serve lets clients in until listener is closed.
func (d *Door) Serve(listener net.Listener) {
	d.places = make(chan struct{}, crowd)
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// No file for it now; the next one may find some.
			d.Log.Warn("a connection can't be taken", "error", err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		select {
		case d.places <- struct{}{}:
		default:
			d.Log.Warn("a connection is turned away: there are too many")
			client.Close()
			continue
		}
		d.inside.Go(func() {
			defer func() { <-d.places }()
			d.guest(client)
		})
	}
}

// Empty waits until everybody has gone: after the server has closed its ends.
func (d *Door) Empty() {
	d.inside.Wait()
}

// guest looks after one connection until it ends.
func (d *Door) guest(client net.Conn) {
	defer client.Close()
	server, err := d.Server()
	if err != nil {
		d.Log.Warn("the server takes no connection", "error", err)
		return
	}
	defer server.Close()
	line, identity, err := d.admit(client, server)
	if err == nil {
		err = d.between(line, server, identity)
	}
	if errors.Is(err, errProtocol) || errors.As(err, new(*tls.CertificateVerificationError)) {
		d.Log.Warn("a client is turned away", "identity", identity, "error", err)
	}
}

// line is a client's connection, with what was read of it ahead.
type line struct {
	*tls.Conn
	ahead *bufio.Reader
}

// admit greets the client, has it prove who it is, and introduces it to the server.
func (d *Door) admit(client, server net.Conn) (*line, string, error) {
	until := time.Now().Add(patience)
	if err := errors.Join(client.SetDeadline(until), server.SetDeadline(until)); err != nil {
		return nil, "", err
	}
	said, err := firstLine(server)
	if err != nil {
		return nil, "", err
	}
	hello, err := greeting(said)
	if err != nil {
		return nil, "", err
	}
	if _, err := io.WriteString(client, hello); err != nil {
		return nil, "", err
	}
	proved := tls.Server(client, d.TLS)
	limited, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	if err := proved.HandshakeContext(limited); err != nil {
		return nil, "", err
	}
	guest := &line{Conn: proved, ahead: bufio.NewReaderSize(proved, longest)}
	wishes, err := readLine(guest.ahead)
	if err != nil {
		return nil, "", err
	}
	identity := identityOf(proved.ConnectionState())
	introduced, err := introduction(wishes, identity, d.Word)
	if err != nil {
		return nil, identity, err
	}
	if _, err := io.WriteString(server, introduced); err != nil {
		return nil, identity, err
	}
	return guest, identity, errors.Join(client.SetDeadline(time.Time{}), server.SetDeadline(time.Time{}))
}

// identityOf is the one URI of the client's certificate; of a certificate with
// none or several the server gets a name that it doesn't know.
func identityOf(state tls.ConnectionState) string {
	if len(state.PeerCertificates) == 0 || len(state.PeerCertificates[0].URIs) != 1 {
		return "nobody"
	}
	return state.PeerCertificates[0].URIs[0].String()
}

// between carries operations one way and answers the other, until one side ends.
func (d *Door) between(client *line, server net.Conn, identity string) error {
	ended := make(chan struct{})
	defer close(ended)
	go d.watch(client, ended)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		// Ends the other direction too.
		defer client.Close()
		_, _ = io.Copy(impatient{client.Conn}, server)
	}()
	mayListen := func(subject string) bool { return d.MayListen(identity, subject) }
	err := pass(client.ahead, server, mayListen, d.Most)
	server.Close()
	<-answered
	return err
}

// watch ends a connection whose client would not be let in any more.
func (d *Door) watch(client *line, ended <-chan struct{}) {
	again := time.NewTicker(d.Again)
	defer again.Stop()
	for {
		select {
		case <-ended:
			return
		case <-again.C:
			if !d.Trusts(client.ConnectionState().PeerCertificates[0]) {
				client.Close()
				return
			}
		}
	}
}

// impatient gives up on a client that reads nothing.
type impatient struct{ net.Conn }

func (i impatient) Write(bytes []byte) (int, error) {
	if err := i.SetWriteDeadline(time.Now().Add(stalled)); err != nil {
		return 0, err
	}
	return i.Conn.Write(bytes)
}

// firstLine reads a line and nothing beyond it.
func firstLine(from io.Reader) (string, error) {
	var text []byte
	for one := make([]byte, 1); len(text) < longest; {
		if _, err := io.ReadFull(from, one); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return string(text), nil
		}
		text = append(text, one[0])
	}
	return "", errProtocol
}
