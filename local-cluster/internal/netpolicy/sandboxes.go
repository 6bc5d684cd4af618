// Addresses of pods that kubelet has not told the apiserver of yet. It does
// so up to a second after the containers have started; the container runtime
// knows the address before they start.
package netpolicy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// askDeadline bounds one question to the container runtime.
const askDeadline = 2 * time.Second

// Sandboxes asks the container runtime.
type Sandboxes struct{ client cri.RuntimeServiceClient }

// NewSandboxes takes the container runtime's socket. It need not be there
// yet: only the first question connects.
func NewSandboxes(socket string) (*Sandboxes, error) {
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("open the container runtime: %w", err)
	}
	return &Sandboxes{cri.NewRuntimeServiceClient(conn)}, nil
}

// Complete returns the pods with the addresses that the runtime knows of
// those that have none. It changes none of the given pods.
func (s *Sandboxes) Complete(ctx context.Context, pods []*core.Pod) ([]*core.Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, askDeadline)
	defer cancel()
	ready := &cri.PodSandboxFilter{State: &cri.PodSandboxStateValue{State: cri.PodSandboxState_SANDBOX_READY}}
	list, err := s.client.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{Filter: ready})
	if err != nil {
		return nil, fmt.Errorf("list sandboxes: %w", err)
	}
	byPod := map[types.UID]string{}
	for _, sandbox := range list.Items {
		byPod[types.UID(sandbox.Metadata.GetUid())] = sandbox.Id
	}
	completed := slices.Clone(pods)
	for i, pod := range pods {
		id, exists := byPod[pod.UID]
		if !exists || !hasNetwork(pod) || len(addressesOfPod(pod)) > 0 {
			continue
		}
		reply, err := s.client.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: id})
		if err != nil {
			return nil, fmt.Errorf("ask for sandbox of %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		completed[i] = pod.DeepCopy()
		completed[i].Status.PodIPs = podIPs(reply.Status.GetNetwork())
	}
	return completed, nil
}

func podIPs(network *cri.PodSandboxNetworkStatus) []core.PodIP {
	ips := []core.PodIP{{IP: network.GetIp()}}
	for _, more := range network.GetAdditionalIps() {
		ips = append(ips, core.PodIP{IP: more.Ip})
	}
	return ips
}
