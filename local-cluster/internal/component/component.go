// Package component holds the programs of Kubernetes that are part of this
// binary, chosen by argv[0]. In: the arguments of the process. Out: its exit
// code. Nothing of them is copied; they are imported as libraries.
package component

import (
	"context"
	"os"

	"github.com/coredns/coredns/coremain"
	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// Find returns the program of that name. Its result is the exit code.
func Find(name string) (run func() int, found bool) {
	switch name {
	case "etcd":
		return etcd, true
	case "coredns":
		return func() int { coremain.Run(); return 0 }, true
	case "kubectl":
		return func() int { return Kubectl(os.Args[1:]) }, true
	case "kube-apiserver":
		return runCommand(apiserver.NewAPIServerCommand), true
	case "kube-controller-manager":
		return runCommand(controllermanager.NewControllerManagerCommand), true
	case "kube-scheduler":
		return runCommand(func() *cobra.Command { return scheduler.NewSchedulerCommand() }), true
	case "kube-proxy":
		return runCommand(proxy.NewProxyCommand), true
	case "kubelet":
		return runCommand(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }), true
	}
	return nil, false
}

// runCommand defers building the command to the process that needs it.
func runCommand(command func() *cobra.Command) func() int {
	return func() int { return cli.Run(command()) }
}
