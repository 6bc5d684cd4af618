//! From a checked spec to every child. Pure. In: `Checked`. Out: `Built`, which `apply` takes apart field by field, so that a
//! child that nobody applies does not compile.

mod account;
mod budget;
mod bus;
pub(super) mod certificate;
mod deployment;
mod network_policy;
mod pod;
mod secret;
mod service;

use super::check::Checked;
use super::check::bus::Bus;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

/// Everything that a service consists of.
pub struct Built {
    /// Who the pods are.
    pub account: ServiceAccount,
    /// Whom the pods reach, and who reaches them.
    pub network_policy: NetworkPolicy,
    /// Who may do what at the event bus; none for a service that isn't the bus.
    pub rights: Option<ConfigMap>,
    /// Logins of the database, none for a service without one.
    pub logins: Option<Logins>,
    /// The pods.
    pub deployment: Deployment,
    /// The address.
    pub service: Service,
    /// Keeps pods when nodes are drained; none for a single pod, which it would nail to its node.
    pub budget: Option<PodDisruptionBudget>,
}

/// Secrets with the logins, `current` and `next`.
pub struct Logins {
    /// For the pods. Its annotations remember where the data is.
    pub app: Secret,
    /// For the migrate command.
    pub migrate: Secret,
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
        logins: checked.database.as_ref().map(|database| Logins {
            app: secret::app(checked, database),
            migrate: secret::migrate(checked, database),
        }),
        deployment: deployment::build(checked),
        service: service::build(checked),
        budget: (checked.replicas > 1).then(|| budget::build(checked)),
    }
}
