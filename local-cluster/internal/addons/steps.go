// The single steps: each is tried until it succeeds.
package addons

import (
	"context"
	"fmt"
	"net"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"rerp.dev/local-cluster/internal/layout"
)

// accountsExist waits for the account that every pod of a namespace needs;
// before it exists, creating a pod is refused.
func accountsExist(client kubernetes.Interface) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, namespace := range []string{"default", "kube-system"} {
			if _, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", meta.GetOptions{}); err != nil {
				return err
			}
		}
		return nil
	}
}

func nodeReady(client kubernetes.Interface) func(context.Context) error {
	return func(ctx context.Context) error {
		node, err := client.CoreV1().Nodes().Get(ctx, layout.NodeName, meta.GetOptions{})
		if err != nil {
			return err
		}
		// The taint goes a moment after the condition has come; until then
		// nothing is scheduled.
		for _, taint := range node.Spec.Taints {
			if taint.Key == core.TaintNodeNotReady {
				return fmt.Errorf("node is tainted %s", taint.Key)
			}
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == core.NodeReady && condition.Status == core.ConditionTrue {
				return nil
			}
			if condition.Type == core.NodeReady {
				return fmt.Errorf("node is not ready: %s", condition.Message)
			}
		}
		return fmt.Errorf("node has no condition yet")
	}
}

// resolves asks cluster DNS at its cluster IP, which proves kube-proxy too.
func resolves(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(layout.DNSAddress, "53"))
	}}
	_, err := resolver.LookupHost(ctx, "kubernetes.default.svc."+layout.ClusterDomain+".")
	return err
}

func objectsApplied(client kubernetes.Interface) func(context.Context) error {
	return func(ctx context.Context) error {
		force := true
		options := meta.PatchOptions{FieldManager: "rerp-node", Force: &force}
		if _, err := client.StorageV1().StorageClasses().
			Patch(ctx, className, types.ApplyPatchType, []byte(storageClass), options); err != nil {
			return fmt.Errorf("storage class: %w", err)
		}
		if _, err := client.CoreV1().Services(meta.NamespaceSystem).
			Patch(ctx, dnsName, types.ApplyPatchType, []byte(dnsService), options); err != nil {
			return fmt.Errorf("DNS service: %w", err)
		}
		if _, err := client.DiscoveryV1().EndpointSlices(meta.NamespaceSystem).
			Patch(ctx, dnsName, types.ApplyPatchType, []byte(dnsEndpoints), options); err != nil {
			return fmt.Errorf("DNS endpoints: %w", err)
		}
		return nil
	}
}
