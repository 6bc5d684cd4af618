// Package pki issues the node's keys and certificates. In: a folder. Out: PEM
// files in it. Everything is made anew at each start and dies with the state
// directory, so nothing is ever rotated or revoked.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// lifetime is longer than any test run; the node is not meant to live longer.
const lifetime = 365 * 24 * time.Hour

// Authority signs certificates and writes them to its folder.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
	// PEM is the authority's own certificate.
	PEM []byte
}

// Leaf describes one certificate.
type Leaf struct {
	// File is the name without suffix; `.crt` and `.key` are written.
	File string
	// CommonName is the user name that Kubernetes reads.
	CommonName string
	// Groups are the groups that Kubernetes reads.
	Groups []string
	// Names and Addresses are what a server answers to; empty for clients.
	Names     []string
	Addresses []string
}

// NewAuthority makes a self-signed authority and writes `<file>.crt`/`.key`.
func NewAuthority(dir, file, commonName string) (*Authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(pkix.Name{CommonName: commonName})
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign authority %s: %w", commonName, err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("parse authority %s: %w", commonName, err)
	}
	authority := &Authority{dir: dir, cert: cert, key: key, PEM: encodeCert(raw)}
	return authority, writePair(dir, file, authority.PEM, key)
}

// Issue signs one certificate and writes it with its key.
func (a *Authority) Issue(leaf Leaf) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	template, err := newTemplate(pkix.Name{CommonName: leaf.CommonName, Organization: leaf.Groups})
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if len(leaf.Names)+len(leaf.Addresses) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	template.DNSNames = leaf.Names
	for _, address := range leaf.Addresses {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(address))
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("sign certificate %s: %w", leaf.File, err)
	}
	return writePair(a.dir, leaf.File, encodeCert(raw), key)
}

// WriteSigningKey writes the pair that signs service account tokens:
// `<file>.key` and `<file>.pub`.
func WriteSigningKey(dir, file string) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encode public key %s: %w", file, err)
	}
	if err := writeKey(filepath.Join(dir, file+".key"), key); err != nil {
		return err
	}
	encoded := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	return os.WriteFile(filepath.Join(dir, file+".pub"), encoded, 0o600)
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return key, nil
}

func newTemplate(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		// A minute back: the clocks of clients may differ a little.
		NotBefore: now.Add(-time.Minute),
		NotAfter:  now.Add(lifetime),
	}, nil
}

func encodeCert(raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}

func writePair(dir, file string, cert []byte, key *ecdsa.PrivateKey) error {
	if err := os.WriteFile(filepath.Join(dir, file+".crt"), cert, 0o600); err != nil {
		return err
	}
	return writeKey(filepath.Join(dir, file+".key"), key)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode key %s: %w", path, err)
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}), 0o600)
}
