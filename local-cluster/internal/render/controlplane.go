// Command lines of the control plane.
package render

import (
	"strconv"

	"rerp.dev/local-cluster/internal/layout"
)

// Etcd returns the arguments of the embedded etcd.
func Etcd(l layout.Layout) []string {
	return []string{l.Path("etcd"), l.EtcdSocket()}
}

// APIServer returns the arguments of kube-apiserver.
func APIServer(l layout.Layout, s Spec) []string {
	args := []string{
		"--etcd-servers=unix://" + l.EtcdSocket(),
		"--service-cluster-ip-range=" + layout.ServiceCIDR,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--profiling=false",
		"--cert-dir=" + l.Path("run", "apiserver"),
		"--tls-cert-file=" + l.PKI("apiserver.crt"),
		"--tls-private-key-file=" + l.PKI("apiserver.key"),
		"--client-ca-file=" + l.PKI("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc." + layout.ClusterDomain,
		"--service-account-key-file=" + l.PKI("service-account.pub"),
		"--service-account-signing-key-file=" + l.PKI("service-account.key"),
		"--requestheader-client-ca-file=" + l.PKI("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + l.PKI("front-proxy-client.crt"),
		"--proxy-client-key-file=" + l.PKI("front-proxy-client.key"),
	}
	if s.Audit {
		args = append(args,
			"--audit-policy-file="+l.Path("etc", "audit-policy.yaml"),
			"--audit-log-path="+l.AuditLog(),
			"--audit-log-mode=blocking",
		)
	}
	return append(args, listening(l, s)...)
}

// listening says where the apiserver is reached, and how it reaches kubelet.
func listening(l layout.Layout, s Spec) []string {
	if s.ControlPlaneOnly {
		// Nothing but loopback: there is no pod that would use the endpoints
		// of default/kubernetes, and a loopback address is not allowed there.
		return []string{
			"--bind-address=127.0.0.1",
			"--advertise-address=127.0.0.1",
			"--endpoint-reconciler-type=none",
			"--secure-port=" + strconv.Itoa(s.APIPort),
		}
	}
	return []string{
		"--bind-address=0.0.0.0",
		"--advertise-address=" + layout.NodeAddress,
		"--secure-port=" + strconv.Itoa(layout.InnerAPIPort),
		"--kubelet-certificate-authority=" + l.PKI("ca.crt"),
		"--kubelet-client-certificate=" + l.PKI("apiserver-kubelet-client.crt"),
		"--kubelet-client-key=" + l.PKI("apiserver-kubelet-client.key"),
		// Otherwise logs and exec try to resolve the node's name.
		"--kubelet-preferred-address-types=InternalIP",
	}
}

// ControllerManager returns the arguments of kube-controller-manager. Without
// a node only the controllers that keep the API itself consistent run, so
// that a test may write the status of workloads without being overwritten.
func ControllerManager(l layout.Layout, s Spec) []string {
	kubeconfig := l.InnerKubeconfig("kube-controller-manager")
	controllers := "*"
	if s.ControlPlaneOnly {
		controllers = "garbage-collector-controller,namespace-controller,serviceaccount-controller," +
			"serviceaccount-token-controller,root-ca-certificate-publisher-controller"
	}
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--controllers=" + controllers,
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
		// The default of 20 a second delays the start of the controllers, and
		// with it the first service account, by five seconds.
		"--kube-api-qps=300",
		"--kube-api-burst=600",
		"--use-service-account-credentials=true",
		"--root-ca-file=" + l.PKI("ca.crt"),
		"--service-account-private-key-file=" + l.PKI("service-account.key"),
		"--cluster-signing-cert-file=" + l.PKI("ca.crt"),
		"--cluster-signing-key-file=" + l.PKI("ca.key"),
		"--cluster-cidr=" + layout.PodCIDR,
		"--allocate-node-cidrs=false",
		"--flex-volume-plugin-dir=" + l.Path("kubelet-plugins"),
	}
}

// Scheduler returns the arguments of kube-scheduler.
func Scheduler(l layout.Layout) []string {
	kubeconfig := l.InnerKubeconfig("kube-scheduler")
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
	}
}

// AuditPolicy records who did what to which object, without bodies. Health
// probes and discovery are left out: they say nothing about objects.
func AuditPolicy() string {
	return `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: ["RequestReceived"]
rules:
- level: None
  nonResourceURLs: ["*"]
- level: Metadata
`
}
