//! The NetworkPolicy of the worker of one migration: it reaches the two servers, and nobody reaches it. Pure.

use super::worker::COMPONENT;
use crate::cluster::child::Owner;
use crate::database::gather::POSTGRES;
use crate::network;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use rerp_crds::{labels, names};
use std::collections::BTreeSet;

/// The policy. `servers` are the ServiceDatabases that run the two servers; these let the worker in, and each other, for as
/// long as it exists.
#[must_use]
pub fn network_policy(owner: &Owner, servers: BTreeSet<&str>) -> NetworkPolicy {
    let servers = servers.into_iter().map(|name| network::pods(labels::DATABASE, name, POSTGRES)).collect();
    let egress = [Some(network::dns()), network::egress(servers, names::POSTGRES_PORT)];
    network::closed(
        owner.child(&names::split_worker(&owner.name), COMPONENT),
        owner.selector(COMPONENT),
        vec![],
        egress.into_iter().flatten().collect(),
    )
}
