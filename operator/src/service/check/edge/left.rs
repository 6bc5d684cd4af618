//! Ways that a gateway's pods were told to leave. Pure. In: the policy in force, the ways that are wanted now, the time. Out: those of the policy's that stay open
//! for a while, and the annotation that the next pass reads.
//!
//! Pods hear of new rules by a file that the kubelet brings up to date within a minute or two. Until then they lead requests where they led them, and a
//! way that closes at once would fail these.

use super::backend::Way;
use crate::service::check::network::GRACE;
use jiff::Timestamp;
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt;
use rerp_crds::labels;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Annotation: ways that the pods were told to leave, and when, as in `0123456789abcdef=2026-01-01T00:00:00Z,…`.
pub const LEFT: &str = "rerp.dev/ways-left";

/// Ways with the time at which they were first not wanted any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left(Vec<(Way, Timestamp)>);

impl Left {
    /// The ways that `policy` opens, that are not `wanted` any more and have not been for less than the grace.
    pub(super) fn after(policy: &NetworkPolicy, wanted: &[Way], now: Timestamp) -> Self {
        let known = read(policy);
        let rules = policy.spec.iter().flat_map(|spec| spec.egress.iter().flatten());
        let gone = rules.filter_map(way).filter(|way| !wanted.contains(way));
        let since = gone.map(|way| {
            let since = known.get(&key(&way)).copied().unwrap_or(now);
            (way, since)
        });
        Self(since.filter(|(_, since)| now.duration_since(*since) < GRACE).collect())
    }

    /// The ways.
    pub fn ways(&self) -> impl Iterator<Item = &Way> {
        self.0.iter().map(|(way, _)| way)
    }

    /// When the first of them is to be closed.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        self.0.iter().map(|(_, since)| *since).min().and_then(|since| since.checked_add(GRACE).ok())
    }

    /// The annotation that the next pass reads; none if nothing is left.
    #[must_use]
    pub fn annotation(&self) -> Option<(String, String)> {
        let entries: Vec<String> = self.0.iter().map(|(way, since)| format!("{}={since}", key(way))).collect();
        (!entries.is_empty()).then(|| (LEFT.to_owned(), entries.join(",")))
    }
}

fn read(policy: &NetworkPolicy) -> BTreeMap<String, Timestamp> {
    let text = policy.annotations().get(LEFT).map(String::as_str).unwrap_or_default();
    let entry = |one: &str| {
        let (key, since) = one.split_once('=')?;
        Some((key.to_owned(), since.parse().ok()?))
    };
    text.split(',').filter_map(entry).collect()
}

/// Short for a way, whose labels are somebody else's words.
fn key(way: &Way) -> String {
    let text = serde_json::to_vec(&(&way.selector, &way.port)).unwrap_or_default();
    hex::encode(&Sha256::digest(&text)[..8])
}

/// A rule that is a way to a backend, and none to a database, a dependency or the event bus: those are wanted by name, and known by their labels and numbers.
fn way(rule: &NetworkPolicyEgressRule) -> Option<Way> {
    let ([peer], [port]) = (rule.to.as_deref()?, rule.ports.as_deref()?) else { return None };
    if peer.namespace_selector.is_some() || peer.ip_block.is_some() {
        return None;
    }
    let (selector, port) = (peer.pod_selector.as_ref()?.match_labels.clone()?, port.port.clone()?);
    let by_name = selector.contains_key(labels::DATABASE)
        || (selector.contains_key(labels::SERVICE) && matches!(port, IntOrString::Int(_)));
    (!by_name).then_some(Way { selector, port })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
    use rerp_crds::names;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn to(app: &str) -> Way {
        Way { selector: [("app".to_owned(), app.to_owned())].into(), port: IntOrString::Int(8080) }
    }

    /// The policy that a pass with these ways writes, beside the ways of every service.
    fn policy(wanted: &[Way], left: &Left) -> NetworkPolicy {
        let named = [
            Some(network::dns()),
            network::egress(vec![network::pods(labels::SERVICE, "identity", "service")], names::HTTP_PORT),
            network::egress(vec![network::pods(labels::DATABASE, "own", "postgres")], names::POSTGRES_PORT),
            network::egress(vec![network::range("192.0.2.0/24")], 443),
        ];
        let ways = wanted.iter().chain(left.ways()).map(|way| network::to(way.selector.clone(), way.port.clone()));
        let annotations = left.annotation().map(|one| [one].into());
        let metadata = ObjectMeta { annotations, ..ObjectMeta::default() };
        network::closed(metadata, BTreeMap::new(), vec![], named.into_iter().flatten().chain(ways).collect())
    }

    #[test]
    fn a_way_is_left_after_the_grace_and_not_before() {
        let before = policy(&[to("a"), to("b")], &Left::default());
        let told = Left::after(&before, &[to("b")], at(100));
        assert_eq!((told.ways().cloned().collect::<Vec<_>>(), told.ends()), (vec![to("a")], Some(at(280))));
        let again = Left::after(&policy(&[to("b")], &told), &[to("b")], at(279));
        assert_eq!(again, told, "the time of the first pass counts, and nothing is written meanwhile");
        let gone = Left::after(&policy(&[to("b")], &again), &[to("b")], at(280));
        assert_eq!((gone.clone(), gone.annotation()), (Left::default(), None));
    }

    #[test]
    fn who_comes_back_is_not_left() {
        let told = Left::after(&policy(&[to("a")], &Left::default()), &[], at(100));
        assert_eq!(Left::after(&policy(&[], &told), &[to("a")], at(101)), Left::default());
    }

    #[test]
    fn what_is_wanted_by_name_closes_at_once() {
        assert_eq!(Left::after(&policy(&[], &Left::default()), &[], at(100)), Left::default());
    }

    #[test]
    fn a_service_of_ours_is_a_way_by_the_name_of_its_port() {
        let labels = [(labels::SERVICE, "portal"), (labels::COMPONENT, "service")];
        let selector = labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let portal = Way { selector, port: IntOrString::String("http".to_owned()) };
        let told = Left::after(&policy(std::slice::from_ref(&portal), &Left::default()), &[], at(100));
        assert_eq!(told.ways().collect::<Vec<_>>(), [&portal]);
    }
}
