// Running the components: as pid 1 of the node's namespaces, or, for a
// control plane alone, as children of the keeper.
package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/render"
	"rerp.dev/local-cluster/internal/supervise"
)

// apiDeadline bounds the wait for the apiserver's first answer.
const apiDeadline = 120 * time.Second

// Init is what pid 1 of the node does. It returns only on failure; the end of
// pid 1 ends every process of the node.
func Init(dir string) error {
	l, err := layout.New(dir)
	if err != nil {
		return err
	}
	spec, err := LoadSpec(l)
	if err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(layout.NodeName)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	if err := mountAll(l); err != nil {
		return err
	}
	if err := setUpNetwork(); err != nil {
		return err
	}
	ctx := context.Background()
	if err := runComponents(ctx, supervise.New(ctx, l.Components()), l, spec); err != nil {
		return err
	}
	select {}
}

// runComponents starts everything in order; processes go on in the background.
func runComponents(ctx context.Context, s *supervise.Supervisor, l layout.Layout, spec render.Spec) error {
	for _, process := range foundation(l, spec) {
		s.Run(process)
	}
	if err := awaitAPI(ctx, l, spec.InnerServer()+"/readyz"); err != nil {
		return err
	}
	for _, process := range clients(l, spec) {
		s.Run(process)
	}
	return nil
}

func awaitAPI(ctx context.Context, l layout.Layout, url string) error {
	client, err := httpClient(l)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, apiDeadline)
	defer cancel()
	last := error(nil)
	for {
		if last = probe(ctx, client, url); last == nil {
			log.Printf("kube-apiserver answers")
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("kube-apiserver is not ready within %s: %w", apiDeadline, last)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func httpClient(l layout.Layout) (*http.Client, error) {
	raw, err := os.ReadFile(l.PKI("ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)
	return &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, Proxy: nil},
	}, nil
}

func probe(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}
