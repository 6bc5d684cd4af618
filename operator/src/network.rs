//! Pieces of NetworkPolicies: who, which port, and a policy that closes everything else. Pure. In: names and ports. Out: values.
//!
//! Traps of the format end here: an empty list of peers means everybody, so a rule without peers is no rule; a peer without a
//! namespace means pods of the policy's own; and what isn't listed under `policyTypes` stays open.

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rerp_crds::network::PodsFrom;
use rerp_crds::{labels, names};
use std::collections::{BTreeMap, BTreeSet};

/// Addresses of IPv4 that aren't public: private, loopback, link-local (clouds answer there with credentials), carrier-grade NAT.
const PRIVATE_V4: [&str; 6] =
    ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];
/// Addresses of IPv6 that aren't public: unique local, link-local.
const PRIVATE_V6: [&str; 2] = ["fc00::/7", "fe80::/10"];

/// A policy for the pods with the labels `pods` that lets nothing in or out but these rules.
#[must_use]
pub fn closed(
    metadata: ObjectMeta,
    pods: BTreeMap<String, String>,
    ingress: Vec<NetworkPolicyIngressRule>,
    egress: Vec<NetworkPolicyEgressRule>,
) -> NetworkPolicy {
    NetworkPolicy {
        metadata,
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selector(pods)),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: Some(ingress),
            egress: Some(egress),
        }),
    }
}

/// `peers` may connect to TCP `port`. None without peers.
#[must_use]
pub fn ingress(peers: Vec<NetworkPolicyPeer>, port: i32) -> Option<NetworkPolicyIngressRule> {
    (!peers.is_empty()).then(|| NetworkPolicyIngressRule { from: Some(peers), ports: Some(vec![tcp(port)]) })
}

/// Connections to TCP `port` of `peers` may be opened. None without peers.
#[must_use]
pub fn egress(peers: Vec<NetworkPolicyPeer>, port: i32) -> Option<NetworkPolicyEgressRule> {
    (!peers.is_empty()).then(|| NetworkPolicyEgressRule { to: Some(peers), ports: Some(vec![tcp(port)]) })
}

/// Connections to TCP `port`, a number or a name, of pods of this namespace with the labels `pods` may be opened.
#[must_use]
pub fn to(pods: BTreeMap<String, String>, port: IntOrString) -> NetworkPolicyEgressRule {
    let peer = NetworkPolicyPeer { pod_selector: Some(selector(pods)), ..NetworkPolicyPeer::default() };
    let port = NetworkPolicyPort { protocol: Some("TCP".to_owned()), port: Some(port), end_port: None };
    NetworkPolicyEgressRule { to: Some(vec![peer]), ports: Some(vec![port]) }
}

/// Names may be asked for at the cluster's DNS. A resolver on the pod's own node needs no rule: no policy closes that way.
#[must_use]
pub fn dns() -> NetworkPolicyEgressRule {
    let peer = NetworkPolicyPeer {
        namespace_selector: Some(selector([(labels::NAMESPACE.to_owned(), "kube-system".to_owned())].into())),
        pod_selector: Some(selector([("k8s-app".to_owned(), "kube-dns".to_owned())].into())),
        ip_block: None,
    };
    NetworkPolicyEgressRule {
        to: Some(vec![peer]),
        ports: Some(vec![port("UDP", names::DNS_PORT), port("TCP", names::DNS_PORT)]),
    }
}

/// Pods of this namespace that belong to the object `name`: `kind` is the label that carries its name.
#[must_use]
pub fn pods(kind: &str, name: &str, component: &str) -> NetworkPolicyPeer {
    let labels = [(kind, name), (labels::COMPONENT, component)];
    let labels = labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    NetworkPolicyPeer { pod_selector: Some(selector(labels)), ..NetworkPolicyPeer::default() }
}

/// The operator's pods.
#[must_use]
pub fn operator(namespace: &str) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: Some(selector([(labels::NAMESPACE.to_owned(), namespace.to_owned())].into())),
        pod_selector: Some(selector([(labels::NAME.to_owned(), labels::OPERATOR.to_owned())].into())),
        ip_block: None,
    }
}

/// Pods that a spec selects.
#[must_use]
pub fn selected(from: &PodsFrom) -> NetworkPolicyPeer {
    let labels =
        |of: &Option<rerp_crds::network::Labels>| of.as_ref().map(|labels| selector(labels.match_labels.clone()));
    NetworkPolicyPeer {
        namespace_selector: labels(&from.namespace_selector),
        pod_selector: labels(&from.pod_selector),
        ip_block: None,
    }
}

/// A range of addresses.
#[must_use]
pub fn range(cidr: &str) -> NetworkPolicyPeer {
    block(cidr, &[])
}

/// Every public address, both families.
#[must_use]
pub fn public() -> [NetworkPolicyPeer; 2] {
    [block("0.0.0.0/0", &PRIVATE_V4), block("::/0", &PRIVATE_V6)]
}

/// ServiceDatabases whose servers a policy lets its pods reach.
#[must_use]
pub fn servers_reached(policy: &NetworkPolicy) -> BTreeSet<String> {
    let rules = policy.spec.iter().flat_map(|spec| spec.egress.iter().flatten());
    let selectors = rules.flat_map(|rule| rule.to.iter().flatten()).filter_map(|peer| peer.pod_selector.as_ref());
    selectors.filter_map(|pods| pods.match_labels.as_ref()?.get(labels::DATABASE).cloned()).collect()
}

fn block(cidr: &str, except: &[&str]) -> NetworkPolicyPeer {
    let except = except.iter().map(|&range| range.to_owned()).collect::<Vec<_>>();
    NetworkPolicyPeer {
        ip_block: Some(IPBlock { cidr: cidr.to_owned(), except: Some(except).filter(|all| !all.is_empty()) }),
        ..NetworkPolicyPeer::default()
    }
}

fn tcp(number: i32) -> NetworkPolicyPort {
    port("TCP", number)
}

fn port(protocol: &str, number: i32) -> NetworkPolicyPort {
    NetworkPolicyPort { protocol: Some(protocol.to_owned()), port: Some(IntOrString::Int(number)), end_port: None }
}

fn selector(labels: BTreeMap<String, String>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), ..LabelSelector::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_without_peers_would_be_one_for_everybody() {
        assert_eq!(ingress(vec![], 8080), None);
        assert_eq!(egress(vec![], 8080), None);
    }

    #[test]
    fn the_operator_is_selected_by_the_labels_of_its_manifest() {
        let manifest = include_str!("../../manifests/operator/deployment.yaml");
        let template = manifest.split("template:").nth(1).unwrap_or_default();
        let labels = template.split("spec:").next().unwrap_or_default();
        assert!(labels.contains(&format!("{}: {}\n", labels::NAME, labels::OPERATOR)), "{labels}");
    }
}
