//! Raw spec and what was read -> a checked form that the builders can't misread. Pure.
//! In: the object, `Gathered`. Out: `Checked`, or the `Stop` that says what a person must change.
//!
//! What stops a pass is what makes its result wrong: a database that isn't there or belongs to another service, a circle of
//! dependencies, a bus that can be none. What only delays or spoils a part of it (a missing dependency, a Secret of the user's, an event
//! that another service announces) becomes a verdict in `Checked`: the rest is still brought up to date, above all the Secrets that a
//! running split depends on.

pub mod bus;
pub mod configuration;
pub mod database;
pub mod dependencies;
pub mod edge;
pub mod events;
pub mod exposure;
pub mod network;
pub mod place;
#[cfg(test)]
mod place_tests;
pub mod workload;
#[cfg(test)]
mod workload_tests;

use super::gather::Gathered;
use crate::args::Settings;
use crate::cluster::child::Owner;
use crate::outcome::Outcome;
use crate::record::Record;
use bus::Bus;
use database::DatabaseUse;
use edge::Edge;
use events::Announced;
use exposure::Exposure;
use k8s_openapi::api::core::v1::Pod;
use network::Network;
use rerp_crds::mtls::{self, MtlsMode};
use rerp_crds::names::{self, Id};
use rerp_crds::{ConditionType, Reason, RerpService, RerpServiceSpec};
use std::collections::BTreeMap;

/// What was found about one part of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be, with a word on it.
    Fine(Reason, String),
    /// Not as it should be: waiting, or refused.
    Off(Outcome),
}

/// The end of a pass that applied nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The condition that tells the same, if there is one.
    pub about: Option<ConditionType>,
    /// Why.
    pub outcome: Outcome,
}

impl From<Outcome> for Stop {
    fn from(outcome: Outcome) -> Self {
        Self { about: None, outcome }
    }
}

impl From<crate::cluster::Error> for Stop {
    fn from(error: crate::cluster::Error) -> Self {
        Outcome::from(error).into()
    }
}

impl Stop {
    /// A stop that also is the state of one condition.
    pub fn about(type_: ConditionType, outcome: Outcome) -> Self {
        Self { about: Some(type_), outcome }
    }
}

/// A spec that can be honoured.
pub struct Checked {
    /// Owner of all children.
    pub owner: Owner,
    /// The spec; its bounds are the schema's.
    pub spec: RerpServiceSpec,
    /// Wanted pods.
    pub replicas: i32,
    /// Address of the service inside the cluster.
    pub url: String,
    /// What callers have to show.
    pub mtls: MtlsMode,
    /// Addresses of the dependencies, by environment variable.
    pub addresses: BTreeMap<String, String>,
    /// The database, if the service declares one.
    pub database: Option<DatabaseUse>,
    /// How it stands to the namespace's event bus.
    pub bus: Bus,
    /// How it is reached from outside.
    pub exposure: Exposure,
    /// What it serves of what reaches the cluster, if it is the gateway.
    pub edge: Edge,
    /// Who is reached, and by whom.
    pub network: Network,
    /// DependenciesReady.
    pub dependencies: Verdict,
    /// DatabaseReady.
    pub data: Verdict,
    /// Secrets and ConfigMaps that the spec names.
    pub configuration: Verdict,
    /// What it may announce.
    pub events: Announced,
    /// Pods that exist.
    pub pods: Vec<Pod>,
}

/// Judges a spec together with what was read.
pub fn check(object: &RerpService, gathered: Gathered, settings: &Settings) -> Result<Checked, Stop> {
    let Gathered { owner, now, services, migrations, record, databases, secrets, config_maps, pods, policy, around } =
        gathered;
    let spec = object.spec.clone();
    let known = record.as_ref().and_then(Record::of);
    dependencies::no_circle(&owner.name, &services)
        .map_err(|outcome| Stop::about(ConditionType::DependenciesReady, outcome))?;
    let bus = bus::bus(object, &services, settings)?;
    let (database, data) = match &spec.database_ref {
        Some(wish) => {
            let seen = database::Seen { services: &services, migrations: &migrations, databases: &databases };
            database::resolve(object, &wish.name, known, &seen)
                .map(|(database, verdict)| (Some(database), verdict))
                .map_err(|outcome| Stop::about(ConditionType::DatabaseReady, outcome))?
        }
        None => (None, Verdict::Fine(Reason::NotNeeded, "the service declares no database".to_owned())),
    };
    let address =
        |name: &str, mode| names::service_url(Id { namespace: &owner.namespace, name }, mode != MtlsMode::Off);
    let mode_of = |name: &str| {
        let callee = services.iter().find(|one| one.metadata.name.as_deref() == Some(name));
        // What its pods were last told comes before what is wished: a service may be suspended, or its spec refused.
        let told = callee.and_then(|one| one.status.as_ref()?.resolved.as_ref()?.mtls);
        told.unwrap_or_else(|| mtls::mode(callee.and_then(|one| one.spec.mtls.as_ref())))
    };
    let mode = mtls::mode(spec.mtls.as_ref());
    let addresses = spec
        .dependencies
        .iter()
        .map(|one| (names::dependency_variable(&one.name), address(&one.name, mode_of(&one.name))));
    let servers = database.as_ref().map(|database| database.servers.clone()).unwrap_or_default();
    let network = network::network(&owner.name, &spec, &services, servers, policy.as_ref(), now)?;
    Ok(Checked {
        replicas: spec.replicas.unwrap_or(1),
        url: address(&owner.name, mode),
        mtls: mode,
        addresses: addresses.collect(),
        dependencies: dependencies::verdict(&spec.dependencies, &services),
        configuration: configuration::verdict(&spec, &secrets, &config_maps),
        events: events::announced(object, &services),
        exposure: exposure::exposure(object, &services, settings),
        edge: edge::edge(object, around.as_ref(), &services, settings).after(policy.as_ref(), now),
        database,
        bus,
        network,
        data,
        pods,
        spec,
        owner,
    })
}
