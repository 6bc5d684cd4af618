//! The service's NetworkPolicy: in come requests of those who declare it as a dependency, the monitoring, and at the event bus the
//! services with events; of an exposed service also those of the gateway and of the pods it names; out go requests to its own dependencies, the servers of its databases, the event bus if it has events, the
//! DNS and what `spec.egress` names; those of the gateway also to the pods behind what it serves. Nothing else, either way.

use crate::database::gather::POSTGRES;
use crate::network;
use crate::service::check::Checked;
use crate::service::check::bus::Bus;
use crate::service::check::edge::Edge;
use crate::service::check::network::Outside;
use crate::service::gather::COMPONENT;
use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
};
use rerp_crds::{labels, names};
use std::collections::BTreeSet;

pub(super) fn build(checked: &Checked) -> NetworkPolicy {
    let owner = &checked.owner;
    let mut metadata = owner.child(&names::service_policy(&owner.name), COMPONENT);
    let mut annotations = checked.network.leaving.annotation().unwrap_or_default();
    if let Edge::Itself(served) = &checked.edge {
        annotations.extend(served.left.annotation());
    }
    metadata.annotations = Some(annotations).filter(|all| !all.is_empty());
    network::closed(metadata, owner.selector(COMPONENT), ingress(checked), egress(checked))
}

fn ingress(checked: &Checked) -> Vec<NetworkPolicyIngressRule> {
    let scraping = checked.spec.monitoring.iter().map(|monitoring| network::selected(&monitoring.from)).collect();
    let requests = network::ingress(services(checked.network.dependents.iter()), names::HTTP_PORT);
    let users = match &checked.bus {
        Bus::Itself(rights) => services(rights.users.iter().map(|user| &user.service)),
        Bus::Unused | Bus::Missing(_) | Bus::Joined(_) => Vec::new(),
    };
    let outside = network::ingress(let_in(checked), names::HTTP_PORT);
    let secure = match &checked.edge {
        Edge::Itself(_) => network::ingress(let_in(checked), names::HTTPS_PORT),
        Edge::Elsewhere => None,
    };
    let (scraping, users) = (network::ingress(scraping, names::ADMIN_PORT), network::ingress(users, names::BUS_PORT));
    let rules = [requests, outside, secure, scraping, users];
    rules.into_iter().flatten().collect()
}

/// Whom an exposure lets in.
fn let_in(checked: &Checked) -> Vec<NetworkPolicyPeer> {
    let let_in = &checked.exposure.let_in;
    services(&let_in.gateway).into_iter().chain(let_in.pods.iter().map(network::selected)).collect()
}

fn egress(checked: &Checked) -> Vec<NetworkPolicyEgressRule> {
    // In the order of their names, so that an edit that only sorts writes nothing.
    let dependencies: BTreeSet<&String> = checked.spec.dependencies.iter().map(|one| &one.name).collect();
    let servers = checked.network.servers.iter().map(|name| network::pods(labels::DATABASE, name, POSTGRES)).collect();
    let outside = checked.network.outside.iter().map(|(port, places)| network::egress(addresses(places), *port));
    let bus = match &checked.bus {
        Bus::Joined(name) => services([name]),
        Bus::Unused | Bus::Missing(_) | Bus::Itself(_) => Vec::new(),
    };
    let served = match &checked.edge {
        Edge::Itself(served) => {
            let ways = served.ways.iter().chain(served.left.ways());
            ways.map(|way| network::to(way.selector.clone(), way.port.clone())).collect()
        }
        Edge::Elsewhere => Vec::new(),
    };
    let rules = [
        Some(network::dns()),
        network::egress(services(dependencies), names::HTTP_PORT),
        network::egress(servers, names::POSTGRES_PORT),
        network::egress(bus, names::BUS_PORT),
    ];
    rules.into_iter().chain(outside).flatten().chain(served).collect()
}

fn services<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<NetworkPolicyPeer> {
    names.into_iter().map(|name| network::pods(labels::SERVICE, name, COMPONENT)).collect()
}

fn addresses(places: &BTreeSet<Outside>) -> Vec<NetworkPolicyPeer> {
    let peers = |place: &Outside| match place {
        Outside::Public => network::public().to_vec(),
        Outside::Range(cidr) => vec![network::range(cidr)],
    };
    places.iter().flat_map(peers).collect()
}
