//! A random namespace of services, databases and migrations: drawn by proptest, as objects for the operator, and as the edges that
//! its specs ask for.

use super::evaluate::Port;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use rerp_crds::{DatabaseSplitMigration, RerpService, ServiceDatabase, SplitPhase};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Ports that are tried.
pub(super) const PORTS: [Port; 9] = [
    ("UDP", 53),
    ("TCP", 53),
    ("TCP", 8080),
    ("TCP", 9090),
    ("TCP", 5432),
    ("TCP", 4222),
    ("TCP", 443),
    ("TCP", 25),
    ("TCP", 6379),
];
/// Name of the event bus, where a world has one.
pub(crate) const BUS: &str = "bus";
/// Addresses outside of the cluster, and whether they are public.
pub(super) const ADDRESSES: [(&str, bool); 8] = [
    ("8.8.8.8", true),
    ("203.0.113.5", true),
    ("2606:4700::1", true),
    ("10.9.1.1", false),
    ("100.64.0.1", false),
    ("169.254.169.254", false),
    ("fd00::1", false),
    ("fe80::1", false),
];

/// What services may call outside, with addresses that this opens and that it doesn't.
pub(crate) const OUTSIDE: [(&str, &str, i64); 4] = [
    ("host", "api.example.com", 443),
    ("host", "mail.example.com", 25),
    ("cidr", "203.0.113.0/24", 6379),
    ("cidr", "10.9.0.0/16", 443),
];

/// Who reads metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Monitoring {
    Nobody,
    Namespace,
    Pods,
    Both,
}

#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) dependencies: BTreeSet<String>,
    /// Indices into `OUTSIDE`.
    pub(crate) egress: BTreeSet<usize>,
    pub(crate) monitoring: Monitoring,
    /// Types of events that it announces, and that it reads.
    pub(crate) publishes: Vec<String>,
    pub(crate) consumes: Vec<String>,
    pub(crate) database: Option<Database>,
    pub(crate) split: Option<Split>,
}

/// A ServiceDatabase: with a server of its own, or inside another one's.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
    pub(crate) server: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Split {
    pub(crate) name: String,
    pub(crate) target: Database,
    pub(crate) phase: SplitPhase,
    /// The operator has begun with it.
    pub(crate) begun: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) services: Vec<Service>,
    /// ServiceDatabases that run servers.
    pub(crate) servers: Vec<String>,
}

impl Split {
    pub(crate) fn is_live(&self) -> bool {
        !self.phase.is_terminal()
    }

    /// Whether there is a worker.
    pub(crate) fn works(&self) -> bool {
        self.begun && self.is_live()
    }
}

impl Service {
    /// A service that says and wants nothing.
    fn bus() -> Self {
        Self {
            name: BUS.to_owned(),
            dependencies: BTreeSet::new(),
            egress: BTreeSet::new(),
            monitoring: Monitoring::Nobody,
            publishes: Vec::new(),
            consumes: Vec::new(),
            database: None,
            split: None,
        }
    }

    /// Whether it has anything to do with the event bus.
    pub(crate) fn has_events(&self) -> bool {
        !(self.publishes.is_empty() && self.consumes.is_empty())
    }

    /// Databases that the pods are told of.
    pub(crate) fn bound(&self) -> Vec<&Database> {
        let (current, split) = (self.database.iter(), self.split.as_ref());
        match split {
            Some(split) if split.is_live() => current.chain([&split.target]).collect(),
            Some(split) if split.phase == SplitPhase::Completed => vec![&split.target],
            _ => current.collect(),
        }
    }

    pub(crate) fn object(&self) -> RerpService {
        let egress = self.egress.iter().map(|&at| OUTSIDE[at]);
        let egress: Vec<Value> = egress.map(|(key, place, port)| json!({key: place, "port": port})).collect();
        let namespace = json!({"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}});
        let pods = json!({"matchLabels": {"app": "prometheus"}});
        let from = match self.monitoring {
            Monitoring::Nobody => Value::Null,
            Monitoring::Namespace => json!({"from": {"namespaceSelector": namespace}}),
            Monitoring::Pods => json!({"from": {"podSelector": pods}}),
            Monitoring::Both => json!({"from": {"namespaceSelector": namespace, "podSelector": pods}}),
        };
        let spec = json!({
            "image": "ghcr.io/rerp/x:1", "egress": egress, "monitoring": from,
            "dependencies": self.dependencies.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
            "events": {"publishes": self.publishes, "consumes": self.consumes},
            "databaseRef": self.database.as_ref().map(|database| json!({"name": database.name})),
        });
        parse(&object("RerpService", &self.name, &spec))
    }

    pub(crate) fn migration(&self) -> Option<DatabaseSplitMigration> {
        let split = self.split.as_ref()?;
        let spec = json!({"serviceRef": {"name": self.name}, "source": {"databaseRef": {"name": self.database.as_ref()?.name}},
            "target": {"databaseRef": {"name": split.target.name}}});
        let mut migration = object("DatabaseSplitMigration", &split.name, &spec);
        if split.begun {
            migration["metadata"]["finalizers"] = json!(["rerp.dev/split"]);
            migration["status"] = json!({"phase": split.phase.to_string()});
        }
        Some(parse(&migration))
    }
}

impl Database {
    pub(crate) fn object(&self) -> ServiceDatabase {
        let engine = if self.name == self.server {
            json!({"embedded": {}})
        } else {
            json!({"shared": {"databaseRef": {"name": self.server}, "schema": self.name}})
        };
        parse(&object("ServiceDatabase", &self.name, &json!({"engine": engine})))
    }
}

impl World {
    /// Every ServiceDatabase.
    pub(crate) fn databases(&self) -> Vec<Database> {
        let own = self.servers.iter().map(|name| Database { name: name.clone(), server: name.clone() });
        let used =
            self.services.iter().flat_map(|one| one.database.iter().chain(one.split.iter().map(|split| &split.target)));
        let shared = used.filter(|database| database.name != database.server).cloned();
        own.chain(shared).collect()
    }
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "rerp.dev/v1alpha1", "kind": kind, "spec": spec,
        "metadata": {"name": name, "namespace": "rerp", "uid": format!("uid-of-{name}"), "generation": 1,
            "creationTimestamp": "2026-01-01T00:00:00Z"},
    })
}

fn parse<T: serde::de::DeserializeOwned>(object: &Value) -> T {
    serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{error}: {object}"))
}

/// Up to five services without circles on three servers, with or without an event bus. A service's own database carries the number of the
/// service, so no two services share one, and so do its events; a split goes to another server, to one of its own or to a schema on one of
/// the three.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    (vec(service(), 1..6), any::<bool>()).prop_map(|(drawn, bus)| {
        let mut servers: Vec<String> = (0..3).map(|number| format!("server{number}")).collect();
        let services = drawn.into_iter().enumerate().map(|(number, drawn)| named(number, drawn, &servers));
        let services: Vec<Service> = services.chain(bus.then(Service::bus)).collect();
        let targets = services.iter().filter_map(|one| Some(&one.split.as_ref()?.target));
        servers.extend(targets.filter(|target| target.name == target.server).map(|target| target.name.clone()));
        World { services, servers }
    })
}

#[derive(Clone, Debug)]
struct Drawn {
    /// Distances back to services that came before.
    dependencies: BTreeSet<usize>,
    egress: BTreeSet<usize>,
    monitoring: Monitoring,
    publishes: bool,
    /// Numbers of services whose events it reads.
    consumes: BTreeSet<usize>,
    /// Number of a server.
    database: Option<usize>,
    /// Distance to the target's server (0: one of its own), phase, whether the operator has begun.
    split: Option<(usize, SplitPhase, bool)>,
}

fn service() -> impl Strategy<Value = Drawn> {
    let monitoring = select(vec![Monitoring::Nobody, Monitoring::Namespace, Monitoring::Pods, Monitoring::Both]);
    let split = proptest::option::of((0..3_usize, select(SplitPhase::ALL.to_vec()), any::<bool>()));
    let parts = (
        btree_set(1..5_usize, 0..4),
        btree_set(0..OUTSIDE.len(), 0..4),
        monitoring,
        (any::<bool>(), btree_set(0..6_usize, 0..3)),
        proptest::option::of(0..3_usize),
        split,
    );
    parts.prop_map(|(dependencies, egress, monitoring, (publishes, consumes), database, split)| Drawn {
        dependencies,
        egress,
        monitoring,
        publishes,
        consumes,
        database,
        split,
    })
}

fn named(number: usize, drawn: Drawn, servers: &[String]) -> Service {
    let inside = |server: usize, role: &str| Database {
        name: format!("{role}{number}"),
        server: servers[server % servers.len()].clone(),
    };
    let own = Database { name: format!("own{number}"), server: format!("own{number}") };
    let split = drawn.database.zip(drawn.split).map(|(source, (distance, phase, begun))| Split {
        name: format!("move{number}"),
        target: if distance == 0 { own } else { inside(source + distance, "target") },
        // What hasn't begun has no phase yet.
        phase: if begun { phase } else { SplitPhase::Pending },
        begun,
    });
    let happened = |of: usize| format!("service{of}.happened.v1");
    Service {
        name: format!("service{number}"),
        dependencies: drawn
            .dependencies
            .iter()
            .filter_map(|back| number.checked_sub(*back))
            .map(|n| format!("service{n}"))
            .collect(),
        egress: drawn.egress,
        monitoring: drawn.monitoring,
        publishes: drawn.publishes.then(|| happened(number)).into_iter().collect(),
        consumes: drawn.consumes.iter().filter(|&&of| of != number).map(|&of| happened(of)).collect(),
        database: drawn.database.map(|server| inside(server, "data")),
        split,
    }
}
