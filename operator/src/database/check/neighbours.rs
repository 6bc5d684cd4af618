//! Who has to reach a server. Pure. In: the name of its ServiceDatabase and what is around it. Out: `Neighbours`.
//!
//! The server lets in exactly those whose own NetworkPolicy lets them out to it. So each edge is decided once, by the one who
//! needs it, and both ends agree: a service that hasn't left yet, or that nobody may touch, is still let in.
//!
//! Who has no policy yet is judged by its spec: a service or a worker may be running since before the operator wrote policies,
//! and somebody may have deleted one. Closing the server for that moment would break connections.

use crate::database::gather::Around;
use crate::network::servers_reached;
use crate::split::gather::FINALIZER;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::ResourceExt;
use rerp_crds::{DatabaseSplitMigration, RerpService, SplitPhase, labels};
use std::collections::{BTreeMap, BTreeSet};

/// ServiceDatabases that run servers, by the name of whoever reaches them.
type Reach = BTreeMap<String, BTreeSet<String>>;

/// Who connects to a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// RerpServices whose pods do.
    pub services: BTreeSet<String>,
    /// DatabaseSplitMigrations whose workers do.
    pub workers: BTreeSet<String>,
    /// ServiceDatabases whose servers stream from or to this one.
    pub servers: BTreeSet<String>,
}

/// Finds the neighbours of the server that the ServiceDatabase `server` runs.
#[must_use]
pub fn neighbours(server: &str, around: &Around) -> Neighbours {
    let services = around.services.iter().map(|one| (one.name_any(), servers(around, databases_of(one, around))));
    let services = reach(around, labels::SERVICE, services);
    let splits = around.migrations.iter().filter(|one| is_live(one));
    let splits = splits.map(|one| (one.name_any(), servers(around, sides(one).into())));
    let workers = reach(around, labels::SPLIT, splits);
    let here = |reached: &&BTreeSet<String>| reached.contains(server);
    let peers = workers.values().filter(here).flatten().filter(|one| *one != server);
    let names = |of: &Reach| of.iter().filter(|(_, reached)| here(reached)).map(|(name, _)| name.clone()).collect();
    Neighbours { services: names(&services), workers: names(&workers), servers: peers.cloned().collect() }
}

/// Which servers the pods of whom reach: by policy, and for those without one `by_spec`. `label` tells whose a policy is.
fn reach(around: &Around, label: &str, by_spec: impl Iterator<Item = (String, BTreeSet<String>)>) -> Reach {
    let entry = |policy: &NetworkPolicy| Some((policy.labels().get(label)?.clone(), servers_reached(policy)));
    // Of two entries with one name the later stays.
    by_spec.chain(around.policies.iter().filter_map(entry)).collect()
}

/// Where a service has its data, where it goes, and where it came from as long as its pods ask there too; as long as it has
/// none, what it wishes for.
fn databases_of<'a>(service: &'a RerpService, around: &'a Around) -> Vec<&'a str> {
    let resolved = service.status.as_ref().and_then(|status| status.resolved.as_ref());
    let known = resolved.into_iter().flat_map(|one| [&one.database_ref, &one.next_database_ref]).flatten();
    let mut names: Vec<&str> = known.map(|reference| reference.name.as_str()).collect();
    if names.is_empty() {
        names.extend(service.spec.database_ref.as_ref().map(|wish| wish.name.as_str()));
    }
    let own = around.migrations.iter().filter(|one| is_live(one) && one.spec.service_ref.name == service.name_any());
    names.extend(own.flat_map(sides));
    names
}

fn sides(split: &DatabaseSplitMigration) -> [&str; 2] {
    [&split.spec.source.database_ref.name, &split.spec.target.database_ref.name]
}

/// Its worker may be running: it carries our finalizer since before the worker was made, and it hasn't ended.
fn is_live(split: &DatabaseSplitMigration) -> bool {
    let ended = split.status.as_ref().and_then(|status| status.phase).is_some_and(SplitPhase::is_terminal);
    !ended && split.finalizers().iter().any(|one| one == FINALIZER)
}

/// The ServiceDatabases that run the servers of these.
fn servers(around: &Around, databases: Vec<&str>) -> BTreeSet<String> {
    let object = |name: &str| around.databases.iter().find(|one| one.metadata.name.as_deref() == Some(name));
    databases.into_iter().filter_map(|name| Some(object(name)?.spec.server(name).to_owned())).collect()
}
