//! What NetworkPolicies allow, read from their JSON as the Kubernetes documentation describes it. Knows nothing of the operator.

use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Something that connects or is connected to.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// For messages, and for telling endpoints apart.
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    /// None for what is no pod.
    pub(crate) pod: Option<Pod>,
}

#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) namespace: String,
    pub(crate) labels: BTreeMap<String, String>,
}

/// Where a connection goes: protocol and port.
pub(crate) type Port = (&'static str, i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ingress,
    Egress,
}

/// Whether the policies that select `pod` let this through. Where none selects it, everything is let through.
pub(crate) fn allows(policies: &[Value], pod: &Pod, direction: Direction, other: &Endpoint, port: Port) -> bool {
    let (type_, rules, side) = match direction {
        Direction::Ingress => ("Ingress", "ingress", "from"),
        Direction::Egress => ("Egress", "egress", "to"),
    };
    let isolating: Vec<&Value> = policies
        .iter()
        .filter(|policy| policy["metadata"]["namespace"] == pod.namespace.as_str())
        .filter(|policy| selects(&policy["spec"]["podSelector"], &pod.labels))
        .filter(|policy| list(&policy["spec"]["policyTypes"]).any(|one| one == type_))
        .collect();
    isolating.is_empty()
        || isolating.iter().any(|policy| {
            list(&policy["spec"][rules]).any(|rule| {
                let peer = all_or_any(&rule[side], |peer| is_peer(peer, &pod.namespace, other));
                peer && all_or_any(&rule["ports"], |wanted| is_port(wanted, port))
            })
        })
}

/// An absent or empty list matches everything.
fn all_or_any(of: &Value, matches: impl Fn(&Value) -> bool) -> bool {
    list(of).next().is_none() || list(of).any(matches)
}

fn is_port(wanted: &Value, (protocol, number): Port) -> bool {
    assert!(wanted["endPort"].is_null(), "not evaluated: {wanted}");
    wanted["protocol"].as_str().unwrap_or("TCP") == protocol && (wanted["port"].is_null() || wanted["port"] == number)
}

fn is_peer(peer: &Value, namespace: &str, other: &Endpoint) -> bool {
    if !peer["ipBlock"].is_null() {
        assert!(peer["podSelector"].is_null() && peer["namespaceSelector"].is_null(), "the API server refuses {peer}");
        let block = &peer["ipBlock"];
        let within = |cidr: &Value| contains(cidr.as_str().expect("a range"), other.address);
        return within(&block["cidr"]) && !list(&block["except"]).any(within);
    }
    let Some(pod) = &other.pod else { return false };
    let at_home = match &peer["namespaceSelector"] {
        Value::Null => pod.namespace == namespace,
        // Labels of a namespace: here only the one that all carry.
        selector => selects(selector, &[("kubernetes.io/metadata.name".to_owned(), pod.namespace.clone())].into()),
    };
    at_home && (peer["podSelector"].is_null() || selects(&peer["podSelector"], &pod.labels))
}

fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    assert!(selector["matchExpressions"].is_null(), "not evaluated: {selector}");
    let wanted = selector["matchLabels"].as_object().into_iter().flatten();
    wanted.into_iter().all(|(key, value)| labels.get(key).is_some_and(|have| value == have.as_str()))
}

/// Whether `address` lies in `range`.
pub(crate) fn contains(range: &str, address: IpAddr) -> bool {
    let (network, length) = range.split_once('/').expect("a prefix");
    let network: IpAddr = network.parse().expect("an address");
    let length: usize = length.parse().expect("a length");
    let bits = |address: IpAddr| -> Vec<bool> {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
    };
    network.is_ipv4() == address.is_ipv4() && bits(network)[..length] == bits(address)[..length]
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[test]
fn the_evaluator_knows_the_traps() {
    use serde_json::json;
    let labels = |app: &str| [("app".to_owned(), app.to_owned())].into();
    let endpoint = |app: &str, namespace: &str| Endpoint {
        name: app.to_owned(),
        address: "10.244.0.9".parse().expect("an address"),
        pod: Some(Pod { namespace: namespace.to_owned(), labels: labels(app) }),
    };
    let me = endpoint("me", "here").pod.expect("a pod");
    let policy = |ingress: Value| {
        vec![json!({"metadata": {"namespace": "here"}, "spec": {
            "podSelector": {"matchLabels": {"app": "me"}}, "policyTypes": ["Ingress"], "ingress": ingress}})]
    };
    let lets =
        |ingress: Value, other: &Endpoint, port: Port| allows(&policy(ingress), &me, Direction::Ingress, other, port);
    let friend = endpoint("friend", "here");
    let rule = json!([{"from": [{"podSelector": {"matchLabels": {"app": "friend"}}}], "ports": [{"port": 80}]}]);
    assert!(lets(rule.clone(), &friend, ("TCP", 80)));
    assert!(!lets(rule.clone(), &friend, ("UDP", 80)) && !lets(rule.clone(), &friend, ("TCP", 81)));
    assert!(
        !lets(rule, &endpoint("friend", "there"), ("TCP", 80)),
        "a pod selector alone is about the policy's namespace"
    );
    assert!(!lets(json!([]), &friend, ("TCP", 80)), "no rule closes");
    assert!(lets(json!([{"from": []}]), &endpoint("any", "where"), ("TCP", 1)), "an empty list of peers opens");
    assert!(allows(&policy(json!([])), &me, Direction::Egress, &friend, ("TCP", 80)), "a direction not listed is open");
    let block = json!([{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.244.0.0/16"]}}]}]);
    assert!(!lets(block, &friend, ("TCP", 80)), "an exception closes");
}
