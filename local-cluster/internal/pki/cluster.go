// The certificates of one cluster, and the kubeconfig files that carry them.
package pki

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"

	"rerp.dev/local-cluster/internal/layout"
)

// Clients of the apiserver; each gets a certificate `<name>.crt` and, from
// WriteKubeconfig, a kubeconfig. User and group names are those the default
// RBAC objects of Kubernetes bind.
var clients = []Leaf{
	{File: "admin", CommonName: "rerp-admin", Groups: []string{"system:masters"}},
	{File: "addons", CommonName: "rerp-addons", Groups: []string{"system:masters"}},
	{File: "coredns", CommonName: "rerp-coredns", Groups: []string{"system:masters"}},
	{File: "kube-controller-manager", CommonName: "system:kube-controller-manager"},
	{File: "kube-scheduler", CommonName: "system:kube-scheduler"},
	{File: "kube-proxy", CommonName: "system:kube-proxy"},
	{File: "kubelet", CommonName: "system:node:" + layout.NodeName, Groups: []string{"system:nodes"}},
	{File: "apiserver-kubelet-client", CommonName: "kube-apiserver-kubelet-client", Groups: []string{"system:masters"}},
}

// WriteCluster issues everything a cluster needs into the layout's folder.
func WriteCluster(l layout.Layout) error {
	dir := l.Path("pki")
	ca, err := NewAuthority(dir, "ca", "rerp-node")
	if err != nil {
		return err
	}
	servers := []Leaf{
		{
			File: "apiserver", CommonName: "kube-apiserver",
			Names: []string{
				"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
				"kubernetes.default.svc." + layout.ClusterDomain,
			},
			Addresses: []string{"127.0.0.1", layout.NodeAddress, layout.KubernetesAddress},
		},
		{
			File: "kubelet-server", CommonName: "system:node:" + layout.NodeName, Groups: []string{"system:nodes"},
			Names: []string{layout.NodeName}, Addresses: []string{layout.NodeAddress, "127.0.0.1"},
		},
	}
	for _, leaf := range append(servers, clients...) {
		if err := ca.Issue(leaf); err != nil {
			return err
		}
	}
	// A separate authority: a client certificate of the cluster must never be
	// able to speak as the aggregation layer.
	front, err := NewAuthority(dir, "front-proxy-ca", "rerp-node-front-proxy")
	if err != nil {
		return err
	}
	if err := front.Issue(Leaf{File: "front-proxy-client", CommonName: "front-proxy-client"}); err != nil {
		return err
	}
	return WriteSigningKey(dir, "service-account")
}

// WriteKubeconfig writes a kubeconfig with the certificate of `client` to
// path. It appears in one step: a reader sees all of it or nothing.
func WriteKubeconfig(l layout.Layout, path, client, server string) error {
	var parts [3]string
	for i, file := range []string{"ca.crt", client + ".crt", client + ".key"} {
		raw, err := os.ReadFile(l.PKI(file))
		if err != nil {
			return err
		}
		parts[i] = base64.StdEncoding.EncodeToString(raw)
	}
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: rerp-node
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: %s
  user:
    client-certificate-data: %s
    client-key-data: %s
contexts:
- name: rerp-node
  context:
    cluster: rerp-node
    user: %s
current-context: rerp-node
`, server, parts[0], client, parts[1], parts[2], client)
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
