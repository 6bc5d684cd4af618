package pki

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"rerp.dev/local-cluster/internal/layout"
)

func written(t *testing.T) layout.Layout {
	t.Helper()
	l := layout.Layout{Dir: t.TempDir()}
	if err := os.Mkdir(l.Path("pki"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteCluster(l); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestClusterCertificatesVerify(t *testing.T) {
	l := written(t)
	raw, err := os.ReadFile(l.PKI("ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)
	verify := func(file, name string, use x509.ExtKeyUsage) {
		pair, err := tls.LoadX509KeyPair(l.PKI(file+".crt"), l.PKI(file+".key"))
		if err != nil {
			t.Fatal(err)
		}
		options := x509.VerifyOptions{Roots: roots, DNSName: name, KeyUsages: []x509.ExtKeyUsage{use}}
		if _, err := pair.Leaf.Verify(options); err != nil {
			t.Errorf("%s as %s: %v", file, name, err)
		}
	}
	verify("apiserver", "127.0.0.1", x509.ExtKeyUsageServerAuth)
	verify("apiserver", layout.KubernetesAddress, x509.ExtKeyUsageServerAuth)
	verify("apiserver", "kubernetes.default.svc", x509.ExtKeyUsageServerAuth)
	verify("kubelet-server", layout.NodeAddress, x509.ExtKeyUsageServerAuth)
	verify("kubelet", "", x509.ExtKeyUsageClientAuth)
	// The aggregation layer's client must not be a client of the cluster.
	pair, err := tls.LoadX509KeyPair(l.PKI("front-proxy-client.crt"), l.PKI("front-proxy-client.key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err == nil {
		t.Error("the front proxy's certificate is accepted as one of the cluster")
	}
}

func TestTheKubeconfigIsUnderstood(t *testing.T) {
	l := written(t)
	if err := WriteKubeconfig(l, l.Kubeconfig(), "admin", "https://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig())
	if err != nil || config.Host != "https://127.0.0.1:1" || len(config.CertData) == 0 {
		t.Errorf("%+v, %v", config, err)
	}
}
