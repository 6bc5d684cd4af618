//! Whom a service may reach and who may reach it. Pure. In: the spec, the services around it, the servers of its databases, the
//! policy as earlier passes left it. Out: `Network`, or the outcome that says what in `spec.egress` can't be honoured.
//!
//! A way to a server is opened before the pods learn of it and stays for a while after they were told to leave: they hear of it
//! by a file that the kubelet brings up to date within a minute or two, and until then they ask both sides who owns the data.

use super::dependencies::callers;
use crate::network::servers_reached;
use crate::outcome::Outcome;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt;
use rerp_crds::network::Egress;
use rerp_crds::{Reason, RerpService, RerpServiceSpec};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Annotation: servers that the pods were told to leave, and when, as in `monolith=2026-01-01T00:00:00Z,…`.
pub const LEAVING: &str = "rerp.dev/leaving";
/// How long the way to such a server, or to a gateway's backend, stays open: the kubelet's delay, and a minute in which the last requests end.
pub(super) const GRACE: SignedDuration = SignedDuration::from_mins(3);

/// The edges of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// RerpServices that call this one.
    pub dependents: BTreeSet<String>,
    /// ServiceDatabases whose servers the pods reach.
    pub servers: BTreeSet<String>,
    /// Those of them that the pods are leaving.
    pub leaving: Leaving,
    /// What is called outside, by port.
    pub outside: BTreeMap<i32, BTreeSet<Outside>>,
}

/// Addresses outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outside {
    /// Every public one.
    Public,
    /// A range.
    Range(String),
}

/// Servers that the pods were told to leave, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaving(BTreeMap<String, Timestamp>);

/// Finds the edges. `servers` are those that hold the databases the pods are told of now; `before` is the policy in force.
pub fn network(
    name: &str,
    spec: &RerpServiceSpec,
    services: &[RerpService],
    servers: BTreeSet<String>,
    before: Option<&NetworkPolicy>,
    now: Timestamp,
) -> Result<Network, Outcome> {
    let leaving = before.map(|policy| Leaving::after(policy, &servers, now)).unwrap_or_default();
    Ok(Network {
        dependents: callers(name, services),
        servers: servers.into_iter().chain(leaving.0.keys().cloned()).collect(),
        leaving,
        outside: outside(&spec.egress)?,
    })
}

impl Leaving {
    /// The servers that `policy` lets the pods reach, that are not `wanted` any more and have not been for less than the grace.
    fn after(policy: &NetworkPolicy, wanted: &BTreeSet<String>, now: Timestamp) -> Self {
        let known = Self::read(policy);
        let reached = servers_reached(policy).into_iter().filter(|server| !wanted.contains(server));
        let since = reached.map(|server| (known.0.get(&server).copied().unwrap_or(now), server));
        Self(
            since
                .filter(|(since, _)| now.duration_since(*since) < GRACE)
                .map(|(since, server)| (server, since))
                .collect(),
        )
    }

    fn read(policy: &NetworkPolicy) -> Self {
        let text = policy.annotations().get(LEAVING).map(String::as_str).unwrap_or_default();
        let entry = |one: &str| {
            let (server, since) = one.split_once('=')?;
            Some((server.to_owned(), since.parse().ok()?))
        };
        Self(text.split(',').filter_map(entry).collect())
    }

    /// When the first of the ways is to be closed.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        self.0.values().min().and_then(|since| since.checked_add(GRACE).ok())
    }

    /// The annotation that the next pass reads; none if the pods are leaving nothing.
    #[must_use]
    pub fn annotation(&self) -> Option<BTreeMap<String, String>> {
        let entries: Vec<String> = self.0.iter().map(|(server, since)| format!("{server}={since}")).collect();
        (!entries.is_empty()).then(|| [(LEAVING.to_owned(), entries.join(","))].into())
    }
}

/// The schema refuses these too; an object stored under an older schema still ends here.
fn outside(egress: &[Egress]) -> Result<BTreeMap<i32, BTreeSet<Outside>>, Outcome> {
    let mut found: BTreeMap<i32, BTreeSet<Outside>> = BTreeMap::new();
    for (index, one) in egress.iter().enumerate() {
        let invalid = |what: &str| Outcome::refused(Reason::InvalidSpec, format!("spec.egress[{index}]{what}"));
        let place = match (&one.host, &one.cidr) {
            (Some(_), None) => Outside::Public,
            (None, Some(cidr)) if is_range(cidr) => Outside::Range(cidr.clone()),
            (None, Some(cidr)) => {
                return Err(invalid(&format!(
                    ".cidr: '{cidr}' is no range of addresses; write it as 203.0.113.0/24, or as 203.0.113.7/32"
                )));
            }
            _ => return Err(invalid(" has exactly one of host and cidr; make two entries for a name and a range")),
        };
        if !(1..=65535).contains(&one.port) {
            return Err(invalid(&format!(".port: {} is no port; write 1 to 65535", one.port)));
        }
        found.entry(one.port).or_default().insert(place);
    }
    Ok(found)
}

/// An address and the length of a prefix, no bit set beyond it: what the API server accepts without a warning.
fn is_range(cidr: &str) -> bool {
    let Some((address, length)) = cidr.split_once('/') else { return false };
    let (Ok(address), Ok(length)) = (address.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let beyond = |width: u32| 1_u128.checked_shl(width - length).map_or(u128::MAX, |one| one - 1);
    length <= width && bits & beyond(width) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
    use rerp_crds::labels;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    /// The policy that a pass with these edges writes.
    fn policy(network: &Network) -> NetworkPolicy {
        let peers = network.servers.iter().map(|name| network::pods(labels::DATABASE, name, "postgres")).collect();
        let metadata = ObjectMeta { annotations: network.leaving.annotation(), ..ObjectMeta::default() };
        network::closed(metadata, BTreeMap::new(), vec![], network::egress(peers, 5432).into_iter().collect())
    }

    fn pass(wanted: &[&str], before: Option<&NetworkPolicy>, second: i64) -> Network {
        super::network("identity", &RerpServiceSpec::default(), &[], set(wanted), before, at(second)).unwrap()
    }

    #[test]
    fn a_server_is_left_after_the_grace_and_not_before() {
        let during = policy(&pass(&["monolith", "own"], None, 0));
        let told = pass(&["own"], Some(&during), 100);
        assert_eq!(told.servers, set(&["monolith", "own"]));
        let again = pass(&["own"], Some(&policy(&told)), 279);
        assert_eq!(again, told, "the time of the first pass counts, and nothing is written meanwhile");
        let gone = pass(&["own"], Some(&policy(&again)), 280);
        assert_eq!((gone.servers, gone.leaving.annotation()), (set(&["own"]), None));
    }

    #[test]
    fn who_comes_back_is_not_leaving() {
        let during = policy(&pass(&["monolith", "own"], None, 0));
        let told = policy(&pass(&["own"], Some(&during), 100));
        let back = pass(&["monolith", "own"], Some(&told), 1000);
        assert_eq!((back.servers, back.leaving.annotation()), (set(&["monolith", "own"]), None));
    }

    #[test]
    fn a_service_that_gives_up_its_database_is_let_finish() {
        let bound = policy(&pass(&["own"], None, 0));
        assert_eq!(pass(&[], Some(&bound), 1).servers, set(&["own"]));
    }

    #[test]
    fn ranges() {
        for good in ["0.0.0.0/0", "10.0.0.0/8", "10.1.2.3/32", "::/0", "2001:db8::/32", "::1/128"] {
            assert!(is_range(good), "{good}");
        }
        for bad in
            ["", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "2001:db8::1/32", "::/129", "a/8", "1.2.3/8"]
        {
            assert!(!is_range(bad), "{bad}");
        }
    }

    #[test]
    fn what_the_schema_should_have_refused_is_named() {
        let entry = |host: Option<&str>, cidr: Option<&str>, port| {
            let text = |one: Option<&str>| one.map(ToOwned::to_owned);
            outside(&[Egress { host: text(host), cidr: text(cidr), port }])
        };
        for (found, word) in [
            (entry(None, Some("10.0.0.1/8"), 443), "spec.egress[0].cidr"),
            (entry(None, None, 443), "exactly one of host and cidr"),
            (entry(Some("a.example"), None, 0), "spec.egress[0].port"),
        ] {
            let refused = found.unwrap_err();
            assert_eq!(refused.reason(), Reason::InvalidSpec);
            assert!(refused.message().contains(word), "{}", refused.message());
        }
    }
}
