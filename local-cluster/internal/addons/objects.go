// The objects every cluster is expected to have.
package addons

import (
	"rerp.dev/local-cluster/internal/layout"
	"rerp.dev/local-cluster/internal/provision"
)

const (
	className = "standard"
	dnsName   = "kube-dns"
)

const storageClass = `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: ` + className + `
  annotations:
    storageclass.kubernetes.io/is-default-class: "true"
provisioner: ` + provision.Name + `
reclaimPolicy: Delete
volumeBindingMode: WaitForFirstConsumer
`

// dnsService has no selector: CoreDNS is a process of the node, not a pod.
const dnsService = `apiVersion: v1
kind: Service
metadata:
  name: ` + dnsName + `
  namespace: kube-system
  labels: {k8s-app: kube-dns}
spec:
  clusterIP: ` + layout.DNSAddress + `
  ports:
  - {name: dns, port: 53, protocol: UDP, targetPort: 53}
  - {name: dns-tcp, port: 53, protocol: TCP, targetPort: 53}
`

const dnsEndpoints = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ` + dnsName + `
  namespace: kube-system
  labels:
    kubernetes.io/service-name: ` + dnsName + `
    endpointslice.kubernetes.io/managed-by: rerp-node
addressType: IPv4
ports:
- {name: dns, port: 53, protocol: UDP}
- {name: dns-tcp, port: 53, protocol: TCP}
endpoints:
- addresses: ["` + layout.NodeAddress + `"]
  conditions: {ready: true}
`
