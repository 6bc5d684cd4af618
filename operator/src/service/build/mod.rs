//! From a checked spec to every child. Pure. In: `Checked`. Out: `Built`, which `apply` takes apart field by field, so that a
//! child that nobody applies does not compile.

mod account;
mod budget;
mod bus;
pub(super) mod certificate;
mod deployment;
mod edge;
mod network_policy;
mod pod;
mod route;
mod secret;
mod service;

use super::check::Checked;
use super::check::bus::Bus;
use super::check::edge::Edge;
use crate::cluster::gateway_api::HttpRoute;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

/// Everything that a service consists of.
pub struct Built {
    /// Who the pods are.
    pub account: ServiceAccount,
    /// Whom the pods reach, and who reaches them.
    pub network_policy: NetworkPolicy,
    /// Who may do what at the event bus; none for a service that isn't the bus.
    pub rights: Option<ConfigMap>,
    /// What the gateway serves; none for a service that isn't the gateway.
    pub served: Option<Told>,
    /// Logins of the database, none for a service without one.
    pub logins: Option<Logins>,
    /// The pods.
    pub deployment: Deployment,
    /// The address.
    pub service: Service,
    /// Keeps pods when nodes are drained; none for a single pod, which it would nail to its node.
    pub budget: Option<PodDisruptionBudget>,
    /// The way in from outside, by an Ingress.
    pub ingress: Option<Ingress>,
    /// The way in from outside, by an HTTPRoute.
    pub http_route: Option<HttpRoute>,
}

/// Secrets with the logins, `current` and `next`.
pub struct Logins {
    /// For the pods. Its annotations remember where the data is.
    pub app: Secret,
    /// For the migrate command.
    pub migrate: Secret,
}

/// What a gateway is told.
pub struct Told {
    /// Which hosts and paths lead where.
    pub routes: ConfigMap,
    /// Which certificates are shown.
    pub certificates: Secret,
}

/// Builds all children.
pub fn build(checked: &Checked) -> Built {
    Built {
        account: account::build(checked),
        network_policy: network_policy::build(checked),
        rights: match &checked.bus {
            Bus::Itself(rights) => Some(bus::build(checked, rights)),
            Bus::Unused | Bus::Missing(_) | Bus::Joined(_) => None,
        },
        served: match &checked.edge {
            Edge::Itself(served) => {
                Some(Told { routes: edge::routes(checked, served), certificates: edge::certificates(checked, served) })
            }
            Edge::Elsewhere => None,
        },
        logins: checked.database.as_ref().map(|database| Logins {
            app: secret::app(checked, database),
            migrate: secret::migrate(checked, database),
        }),
        deployment: deployment::build(checked),
        service: service::build(checked),
        budget: (checked.replicas > 1).then(|| budget::build(checked)),
        ingress: route::ingress(checked),
        http_route: route::http_route(checked),
    }
}
