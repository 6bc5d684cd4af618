package it

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs what the operator signs: leaves without a subject, whose
// names are a SPIFFE ID and the hosts of a Service.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key := newKey(t)
	template := template(t)
	template.Subject = pkix.Name{Organization: []string{"RERP"}, CommonName: "rerp.local test"}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	cert, err := x509.ParseCertificate(raw)
	check(t, err)
	return &authority{cert: cert, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})}
}

// leaf returns certificate and key of a service, both PEM.
func (a *authority) leaf(t *testing.T, service string) (certificate, key []byte) {
	t.Helper()
	id, err := url.Parse(identity(service))
	check(t, err)
	own, template := newKey(t), template(t)
	template.URIs = []*url.URL{id}
	template.DNSNames = []string{service + ".rerp", service + ".rerp.svc", service + ".rerp.svc.cluster.local"}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, own.Public(), a.key)
	check(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(own)
	check(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

// client is how a service connects: it shows its certificate and wants the bus's.
func (a *authority) client(t *testing.T, service string) *tls.Config {
	t.Helper()
	pair, err := tls.X509KeyPair(a.leaf(t, service))
	check(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	return &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: roots, ServerName: "bus.rerp.svc", Certificates: []tls.Certificate{pair},
	}
}

// mount publishes a version of a folder as a kubelet does: by a swap of links.
func mount(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	version, err := os.MkdirTemp(dir, "..version")
	check(t, err)
	for name, content := range files {
		check(t, os.WriteFile(filepath.Join(version, name), content, 0o600))
		link := filepath.Join(dir, name)
		if _, err := os.Lstat(link); err != nil {
			check(t, os.Symlink(filepath.Join("..data", name), link))
		}
	}
	swap := filepath.Join(dir, "..swap")
	check(t, os.Symlink(filepath.Base(version), swap))
	check(t, os.Rename(swap, filepath.Join(dir, "..data")))
}

func identity(service string) string {
	return "spiffe://rerp.local/ns/rerp/sa/" + service
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return key
}

func template(t *testing.T) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	check(t, err)
	now := time.Now()
	return &x509.Certificate{SerialNumber: serial, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(time.Hour)}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
