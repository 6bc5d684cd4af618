//! Parts of a RerpService that open its network beyond dependencies and databases: what it calls outside, who scrapes it.
//! Types of our own, bounded, without the long texts of the Kubernetes types.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;

/// Something outside that a service calls over TCP: by `host` or by `cidr`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = Rule::new("has(self.host) != has(self.cidr)")
    .message("an entry of egress has exactly one of host and cidr; make two entries for a name and a range of addresses"))]
pub struct Egress {
    /// Name of a host on the internet. Network policies know addresses and no names, so this opens the port towards every public
    /// address: all but private, loopback, link-local and carrier-grade NAT ranges. For a private address write `cidr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "bounds::host")]
    #[x_kube(validation = Rule::new("!self.matches('^[0-9.]+$')")
        .message("this is an address, and host opens the port towards every public one; write cidr: 203.0.113.7/32 for a single address"))]
    #[x_kube(validation = Rule::new("!self.endsWith('.svc') && !self.endsWith('.local')")
        .message("host opens the way to public addresses only; list a service of this namespace under spec.dependencies, and write cidr for anything else inside"))]
    pub host: Option<String>,
    /// Range of addresses, opened exactly as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 43))]
    #[x_kube(validation = Rule::new("isCIDR(self)")
        .message("this is no range of addresses; write it as 203.0.113.0/24, or as 203.0.113.7/32 for a single address"))]
    #[x_kube(validation = Rule::new("!isCIDR(self) || cidr(self) == cidr(self).masked()")
        .message("the address has bits beyond the prefix, so it is unclear how much is meant; write 203.0.113.0/24 for the range or 203.0.113.7/32 for the address"))]
    pub cidr: Option<String>,
    /// TCP port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
}

/// Who reads metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Monitoring {
    /// Pods that may connect to port 9090 (health and metrics). The kubelet always may.
    pub from: PodsFrom,
}

/// Pods by their labels, by those of their namespace, or by both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.namespaceSelector) || has(self.podSelector)")
    .message("nobody is selected; name the namespace of the pods in namespaceSelector, the pods themselves in podSelector, or both"))]
pub struct PodsFrom {
    /// Namespaces of the pods. Default: the service's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<Labels>,
    /// The pods. Default: all of the selected namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<Labels>,
}

/// Labels that something must carry, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Labels {
    /// Labels by key.
    #[schemars(schema_with = "bounds::label_map")]
    #[x_kube(validation = Rule::new("self.size() > 0")
        .message("without a label this would select everything there is; name at least one, for example kubernetes.io/metadata.name"))]
    #[x_kube(validation = Rule::new("self.all(k, k.size() <= 317 && k.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$'))")
        .message("a key is no key of a label; write it as name or as example.com/name"))]
    pub match_labels: BTreeMap<String, String>,
}
