//! The NetworkPolicy of an embedded server: in come its services, workers of migrations, the servers at the other end of these,
//! and the operator; out go connections to those servers, since a subscription is opened by the server that subscribes.

use crate::cluster::child::Owner;
use crate::database::check::Embedded;
use crate::database::gather::POSTGRES;
use crate::network;
use crate::service::gather::COMPONENT as SERVICE;
use crate::split::build::worker::COMPONENT as WORKER;
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPeer};
use rerp_crds::{labels, names};
use std::collections::BTreeSet;

pub(super) fn build(owner: &Owner, embedded: &Embedded) -> NetworkPolicy {
    let around = &embedded.neighbours;
    let servers = pods(labels::DATABASE, &around.servers, POSTGRES);
    let mut clients = pods(labels::SERVICE, &around.services, SERVICE);
    clients.extend(pods(labels::SPLIT, &around.workers, WORKER));
    clients.extend(servers.iter().cloned());
    clients.push(network::operator(&embedded.operator_namespace));
    let egress = [Some(network::dns()), network::egress(servers, names::POSTGRES_PORT)];
    network::closed(
        owner.child(&names::postgres(&owner.name), POSTGRES),
        owner.selector(POSTGRES),
        network::ingress(clients, names::POSTGRES_PORT).into_iter().collect(),
        egress.into_iter().flatten().collect(),
    )
}

fn pods(kind: &str, owners: &BTreeSet<String>, component: &str) -> Vec<NetworkPolicyPeer> {
    owners.iter().map(|name| network::pods(kind, name, component)).collect()
}
