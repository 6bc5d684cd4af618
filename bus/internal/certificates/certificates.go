// Package certificates keeps the bus's certificate and its roots fresh. In: the
// folder that every pod of a RerpService has. Out: a TLS configuration that
// shows the newest version to each new connection. It must not touch a
// connection that is open.
package certificates

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Live is the newest version that can be used.
type Live struct {
	dir     string
	seen    files
	current atomic.Pointer[material]
}

type material struct {
	config   *tls.Config
	notAfter time.Time
}

// Open reads the folder for the first time; without a certificate there is no bus.
func Open(dir string) (*Live, error) {
	live := &Live{dir: dir}
	if _, err := live.Refresh(); err != nil {
		return nil, err
	}
	return live, nil
}

// Refresh looks whether the files have changed, and tells whether a new version
// is in use now. A version that can't be used is told once, and the one before
// stays in use. Not to be called twice at a time.
func (l *Live) Refresh() (bool, error) {
	found, err := read(l.dir)
	if err != nil {
		return false, fmt.Errorf("read the certificate: %w", err)
	}
	if found == l.seen {
		return false, nil
	}
	l.seen = found
	used, err := use(found)
	if err != nil {
		return false, fmt.Errorf("use the certificate: %w", err)
	}
	l.current.Store(used)
	return true, nil
}

// Config is for a listener: each handshake sees the newest version.
func (l *Live) Config() *tls.Config {
	config := l.current.Load().config.Clone()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return l.current.Load().config, nil
	}
	return config
}

// Trusts tells whether the certificate of a client would be taken now, too.
func (l *Live) Trusts(client *x509.Certificate) bool {
	_, err := client.Verify(x509.VerifyOptions{
		Roots:     l.current.Load().config.ClientCAs,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err == nil
}

// NotAfter is when the certificate in use ends.
func (l *Live) NotAfter() time.Time {
	return l.current.Load().notAfter
}

func use(found files) (*material, error) {
	pair, err := tls.X509KeyPair([]byte(found.certificate), []byte(found.key))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(found.roots)) {
		return nil, errors.New("ca.crt holds no certificate")
	}
	config := &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{pair},
		ClientCAs:    roots,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		// A resumed session would skip the look at the roots.
		SessionTicketsDisabled: true,
	}
	return &material{config: config, notAfter: pair.Leaf.NotAfter}, nil
}
