package netpolicy

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// containerd answers as the container runtime does: addresses by UID.
type containerd struct {
	cri.UnimplementedRuntimeServiceServer
	addresses map[string]string
}

func (c *containerd) ListPodSandbox(_ context.Context, request *cri.ListPodSandboxRequest) (*cri.ListPodSandboxResponse, error) {
	if request.Filter.State.State != cri.PodSandboxState_SANDBOX_READY {
		return nil, errors.New("sandboxes that have ended are asked for")
	}
	var list []*cri.PodSandbox
	for uid := range c.addresses {
		list = append(list, &cri.PodSandbox{Id: "sandbox-" + uid, Metadata: &cri.PodSandboxMetadata{Uid: uid}})
	}
	return &cri.ListPodSandboxResponse{Items: list}, nil
}

func (c *containerd) PodSandboxStatus(_ context.Context, request *cri.PodSandboxStatusRequest) (*cri.PodSandboxStatusResponse, error) {
	network := &cri.PodSandboxNetworkStatus{
		Ip:            c.addresses[request.PodSandboxId[len("sandbox-"):]],
		AdditionalIps: []*cri.PodIP{{Ip: "fd00::1"}},
	}
	return &cri.PodSandboxStatusResponse{Status: &cri.PodSandboxStatus{Network: network}}, nil
}

func runtimeWith(t *testing.T, addresses map[string]string) *Sandboxes {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	server := grpc.NewServer()
	cri.RegisterRuntimeServiceServer(server, &containerd{addresses: addresses})
	go func() { _ = server.Serve(listener) }() // Ends with Stop.
	t.Cleanup(server.Stop)
	sandboxes, err := NewSandboxes(socket)
	must(t, err)
	return sandboxes
}

func TestTheRuntimeKnowsAddressesEarlier(t *testing.T) {
	pod := func(uid string, change func(*core.Pod)) *core.Pod {
		p := &core.Pod{ObjectMeta: meta.ObjectMeta{Namespace: "a", Name: uid, UID: types.UID(uid)}}
		change(p)
		return p
	}
	pods := []*core.Pod{
		pod("new", func(*core.Pod) {}),
		pod("told", func(p *core.Pod) { p.Status.PodIP = "10.244.0.8" }),
		pod("unmade", func(*core.Pod) {}),
		pod("host", func(p *core.Pod) { p.Spec.HostNetwork = true }),
	}
	runtime := runtimeWith(t, map[string]string{"new": "10.244.0.9", "told": "10.244.0.99", "host": "172.30.0.2", "stranger": "10.244.0.1"})
	completed, err := runtime.Complete(t.Context(), pods)
	must(t, err)
	for i, want := range []string{"10.244.0.9", "10.244.0.8", "", ""} {
		got := ""
		for _, address := range addressesOfPod(completed[i]) {
			got += address.String()
		}
		if got != want {
			t.Errorf("%s: %q", completed[i].Name, got)
		}
	}
	if pods[0].Status.PodIPs != nil {
		t.Error("the given pod was changed")
	}
}

func TestTheLoopAsksTheRuntimeForThePodsItWaitsFor(t *testing.T) {
	o := clusterWith(t, []string{"c {podSelector: {matchLabels: {app: late}}}"})
	for _, pod := range o.Pods {
		pod.UID = types.UID(pod.Name)
	}
	e := &Enforcer{Sandboxes: runtimeWith(t, nil)}
	if rules := e.decide(t.Context(), o.Policies, o.Pods, o.Namespaces); !rules.HoldIngress {
		t.Error("nobody is held back")
	}
	e.Sandboxes = runtimeWith(t, map[string]string{"late": "10.244.0.9"})
	rules := e.decide(t.Context(), o.Policies, o.Pods, o.Namespaces)
	if rules.HoldIngress || len(rules.Ingress.Isolated) != 1 || rules.Ingress.Isolated[0].First.String() != "10.244.0.9" {
		t.Errorf("%+v", rules)
	}
	socket := filepath.Join(t.TempDir(), "none")
	dead, err := NewSandboxes(socket)
	must(t, err)
	e.Sandboxes = dead
	if rules := e.decide(t.Context(), o.Policies, o.Pods, o.Namespaces); !rules.HoldIngress {
		t.Error("without an answer nobody is held back")
	}
}
