//! Checked spec -> all children. Pure: no client, no clock, no database. One file per object.

pub(super) mod certificate;
mod config;
mod network_policy;
mod secret;
mod server;
mod stateful_set;

use super::check::{Checked, Engine};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;

/// Everything a pass applies. Whoever adds a field has to apply it: `apply` takes this apart whole.
pub struct Built {
    /// Children that run a server; none for `shared`.
    pub server: Option<ServerChildren>,
    /// Secret with the app login.
    pub binding: Secret,
    /// Secret with the migrate login.
    pub binding_migrate: Secret,
}

/// Children of an embedded server.
pub struct ServerChildren {
    /// Who reaches the server, and whom it reaches.
    pub network_policy: NetworkPolicy,
    /// The superuser's Secret. The server reads it at start.
    pub admin: Secret,
    /// Settings of the server.
    pub config: ConfigMap,
    /// The address that clients use.
    pub service: Service,
    /// The headless Service that governs the StatefulSet.
    pub nodes: Service,
    /// The server.
    pub stateful_set: StatefulSet,
}

/// Builds all children of a ServiceDatabase.
pub fn build(checked: &Checked) -> Built {
    let server = match &checked.engine {
        Engine::Shared => None,
        Engine::Embedded(embedded) => {
            let config = config::build(&checked.owner, embedded);
            let stateful_set = stateful_set::build(checked, embedded, &config);
            Some(ServerChildren {
                network_policy: network_policy::build(&checked.owner, embedded),
                admin: secret::admin(checked),
                config,
                service: server::service(&checked.owner),
                nodes: server::nodes(&checked.owner),
                stateful_set,
            })
        }
    };
    Built { server, binding: secret::binding(checked), binding_migrate: secret::binding_migrate(checked) }
}
