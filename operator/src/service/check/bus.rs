//! How a service stands to its namespace's event bus, and what the bus is told. Pure. In: the services of the namespace, the name that the
//! operator was given. Out: a `Bus`, or the outcome that says what can't be.
//!
//! The bus allows what `spec.events` of the services say and nothing else: who announces a type publishes to its subject; who reads asks for
//! the next event of a consumer of its own; and what either is answered comes to an inbox of its own.

use super::events;
use crate::args::Settings;
use crate::outcome::Outcome;
use kube::ResourceExt;
use rerp_crds::names::{self, Id};
use rerp_crds::{Reason, RerpService};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How a service stands to the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bus {
    /// The service has no events.
    Unused,
    /// It has, and there is no RerpService of this name: its events wait.
    Missing(String),
    /// It has, and they go over the RerpService of this name.
    Joined(String),
    /// It is the bus, for these.
    Itself(Rights),
}

/// Who may do what at a bus, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Services with events.
    pub users: Vec<User>,
    /// Places of those that read.
    pub consumers: Vec<Consumer>,
}

/// A service at the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub service: String,
    /// Its SPIFFE ID.
    pub identity: String,
    /// Subjects it may publish to.
    pub publish: Vec<String>,
    /// Subjects it may listen to.
    pub subscribe: Vec<String>,
}

/// How far a service has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The service's name.
    pub name: String,
    /// Subjects it reads.
    pub filters: Vec<String>,
}

/// Finds out how `object` stands to the bus.
pub fn bus(object: &RerpService, services: &[RerpService], settings: &Settings) -> Result<Bus, Outcome> {
    let (spec, bus) = (&object.spec, settings.bus.as_str());
    let leads_there = |name: &str| name == bus || names::dependency_variable(name) == names::BUS_VARIABLE;
    if let Some(one) = spec.dependencies.iter().find(|one| leads_there(&one.name)) {
        let message = format!(
            "RerpService {} in spec.dependencies: {} is the address of the event bus, which spec.events alone leads to; remove it from spec.dependencies, or give the service another name",
            one.name,
            names::BUS_VARIABLE
        );
        return Err(Outcome::refused(Reason::InvalidSpec, message));
    }
    if object.name_any() == bus {
        return itself(object, services, settings);
    }
    if !has_events(object) {
        return Ok(Bus::Unused);
    }
    let there = services.iter().any(|one| one.name_any() == bus);
    Ok(if there { Bus::Joined(bus.to_owned()) } else { Bus::Missing(bus.to_owned()) })
}

/// Whether a service announces or reads anything.
#[must_use]
pub fn has_events(service: &RerpService) -> bool {
    service.spec.events.as_ref().is_some_and(|events| !(events.publishes.is_empty() && events.consumes.is_empty()))
}

fn itself(object: &RerpService, services: &[RerpService], settings: &Settings) -> Result<Bus, Outcome> {
    let refused = |what: &str| {
        let message = format!(
            "RerpService {} is the event bus of its namespace (the operator's setting RERP_BUS says so), and {what}, or give the service another name",
            object.name_any()
        );
        Err(Outcome::refused(Reason::InvalidSpec, message))
    };
    if has_events(object) {
        return refused("a bus has no events of its own; remove spec.events");
    }
    if object.spec.replicas.is_some_and(|replicas| replicas > 1) {
        return refused("two pods would keep different events; set spec.replicas to 1");
    }
    Ok(Bus::Itself(rights(services, settings)))
}

fn rights(services: &[RerpService], settings: &Settings) -> Rights {
    let mut sorted: Vec<&RerpService> = services.iter().filter(|one| one.name_any() != settings.bus).collect();
    sorted.sort_by_key(|one| one.name_any());
    let mut rights = Rights::default();
    for service in sorted {
        let (name, namespace) = (service.name_any(), service.namespace().unwrap_or_default());
        let consumed = service.spec.events.iter().flat_map(|events| &events.consumes);
        let filters: BTreeSet<String> = consumed.map(|kind| all_versions(kind)).collect();
        let announced: BTreeSet<String> =
            events::announced(service, services).names.iter().map(|name| subject(name)).collect();
        let mut publish: Vec<String> = announced.into_iter().collect();
        if !filters.is_empty() {
            publish.extend(reading(&name));
            rights.consumers.push(Consumer { name: name.clone(), filters: filters.into_iter().collect() });
        }
        // The bus would take an empty list for everything.
        if !publish.is_empty() {
            let identity = names::spiffe_id(&settings.trust_domain, Id { namespace: &namespace, name: &name });
            let subscribe = vec![format!("_INBOX.{name}.>")];
            rights.users.push(User { service: name, identity, publish, subscribe });
        }
    }
    rights
}

/// Where events of a type are published to; the kit does so.
fn subject(kind: &str) -> String {
    format!("rerp.{kind}")
}

/// A newer version is delivered too, and kept for a program that knows it, rather than missed.
fn all_versions(kind: &str) -> String {
    let base = kind.rsplit_once('.').map_or(kind, |(base, _)| base);
    subject(&format!("{base}.*"))
}

/// What a service publishes to in order to read: which consumer it has, the next event, and that it has it.
fn reading(consumer: &str) -> [String; 3] {
    let at = format!("{}.{consumer}", names::BUS_STREAM);
    [format!("$JS.API.CONSUMER.INFO.{at}"), format!("$JS.API.CONSUMER.MSG.NEXT.{at}"), format!("$JS.ACK.{at}.>")]
}

impl Rights {
    /// The file that the bus reads.
    #[must_use]
    pub fn file(&self) -> String {
        let consumers = self.consumers.iter().map(|one| json!({"filters": one.filters, "name": one.name}));
        let users = self
            .users
            .iter()
            .map(|one| json!({"identity": one.identity, "publish": one.publish, "subscribe": one.subscribe}));
        let all = json!({
            "consumers": consumers.collect::<Vec<Value>>(),
            "stream": names::BUS_STREAM,
            "users": users.collect::<Vec<Value>>(),
        });
        format!("{all:#}\n")
    }
}

#[cfg(test)]
#[path = "bus_tests.rs"]
mod tests;
