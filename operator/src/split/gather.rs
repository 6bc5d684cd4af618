//! All reads of one pass. In: the migration. Out: `Observed`. Must not: judge what it sees.

use super::address::Address;
use super::journal::{self, Journal, JournalError};
use crate::cluster::{self, read};
use crate::context::Context;
use crate::record::Record;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::Api;
use kube::{Client, ResourceExt};
use rerp_crds::split::AtEpoch;
use rerp_crds::{DatabaseSplitMigration, RerpService, ServiceDatabase, labels, names};
use rerp_split::phase::Phase;
use rerp_split::spec::Side;

/// Keeps the object until both databases are clean.
pub const FINALIZER: &str = "rerp.dev/split";

/// What there is.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Namespace of everything.
    pub namespace: String,
    /// The object carries our finalizer: work may have begun.
    pub held: bool,
    /// The service that moves.
    pub service: Option<RerpService>,
    /// Where its data is known to be.
    pub record: Option<Record>,
    /// The database it moves from.
    pub source: Option<Member>,
    /// The one it moves to.
    pub target: Option<Member>,
    /// The other migrations of the namespace.
    pub others: Vec<DatabaseSplitMigration>,
    /// The databases of the namespace, if there are other migrations: what these move is told by them.
    pub databases: Vec<ServiceDatabase>,
    /// What the worker has written; none before it first ran.
    pub journal: Option<Journal>,
    /// Ready pods of the service that hold no connection to where the data is about to go; none where it isn't asked yet.
    pub unprepared: Option<Vec<String>>,
    /// Why the target's server gives no answer; asked only while the migration is being deleted, and none if it does.
    pub away: Option<String>,
}

/// One of the two databases.
#[derive(Clone, Debug)]
pub struct Member {
    /// The object.
    pub database: ServiceDatabase,
    /// Name of the ServiceDatabase that runs its server.
    pub server: String,
    /// Neither it nor the one that runs its server is gone or going.
    pub stays: bool,
    /// How the worker reaches it, as superuser.
    pub admin: Option<Address>,
}

/// A read that failed.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The Kubernetes API.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// One of the databases.
    #[error("read the journal of the {side}")]
    Database {
        /// Which one.
        side: Side,
        /// Why.
        #[source]
        source: JournalError,
    },
}

/// Reads everything that `check`, `decide` and `report` look at.
///
/// # Errors
/// A read failed; nothing may be concluded from its absence.
pub async fn gather(context: &Context, migration: &DatabaseSplitMigration) -> Result<Observed, GatherError> {
    let namespace = migration.namespace().unwrap_or_default();
    let client = &context.client;
    let spec = &migration.spec;
    let services = Api::<RerpService>::namespaced(client.clone(), &namespace);
    let mut seen = Observed {
        held: migration.finalizers().iter().any(|name| name == FINALIZER),
        service: read::get(&services, &spec.service_ref.name).await?,
        record: record(client, &namespace, &spec.service_ref.name).await?,
        source: member(client, &namespace, &spec.source.database_ref.name).await?,
        target: member(client, &namespace, &spec.target.database_ref.name).await?,
        others: others(client, &namespace, migration).await?,
        namespace,
        ..Observed::default()
    };
    if !seen.others.is_empty() {
        let databases = Api::<ServiceDatabase>::namespaced(client.clone(), &seen.namespace);
        seen.databases = read::list(&databases, "").await?;
    }
    if seen.held {
        seen.journal = journal_of(context, migration, seen.source.as_ref()).await?;
        // A target that is away must not keep the worker from hearing that nothing is to be switched any more.
        if migration.metadata.deletion_timestamp.is_some() {
            seen.away = away(context, seen.target.as_ref()).await;
        } else {
            seen.unprepared = unprepared(context, migration, &seen).await?;
        }
    }
    Ok(seen)
}

async fn away(context: &Context, target: Option<&Member>) -> Option<String> {
    let admin = target.and_then(|target| target.admin.as_ref())?;
    journal::reach(context.postgres, admin).await.err().map(|error| error.describe())
}

async fn others(
    client: &Client,
    namespace: &str,
    migration: &DatabaseSplitMigration,
) -> Result<Vec<DatabaseSplitMigration>, cluster::Error> {
    let api = Api::<DatabaseSplitMigration>::namespaced(client.clone(), namespace);
    let all = read::list(&api, "").await?;
    Ok(all.into_iter().filter(|one| one.uid() != migration.uid()).collect())
}

async fn record(client: &Client, namespace: &str, service: &str) -> Result<Option<Record>, cluster::Error> {
    let secrets = Api::<Secret>::namespaced(client.clone(), namespace);
    Ok(read::get(&secrets, &names::service_database_secret(service)).await?.as_ref().and_then(Record::of))
}

async fn member(client: &Client, namespace: &str, name: &str) -> Result<Option<Member>, cluster::Error> {
    let databases = Api::<ServiceDatabase>::namespaced(client.clone(), namespace);
    let Some(database) = read::get(&databases, name).await? else { return Ok(None) };
    let server = database.spec.server(name).to_owned();
    let is_there = |one: &ServiceDatabase| one.metadata.deletion_timestamp.is_none();
    let stays =
        is_there(&database) && (server == name || read::get(&databases, &server).await?.as_ref().is_some_and(is_there));
    let secrets = Api::<Secret>::namespaced(client.clone(), namespace);
    let secret = read::get(&secrets, &names::admin_secret(&server)).await?;
    let dbname = database.status.as_ref().and_then(|status| status.server.as_ref()).map(|at| at.database.clone());
    let admin = secret.zip(dbname).and_then(|(secret, dbname)| Address::read(&secret, &dbname));
    Ok(Some(Member { database, server, stays, admin }))
}

async fn journal_of(
    context: &Context,
    migration: &DatabaseSplitMigration,
    source: Option<&Member>,
) -> Result<Option<Journal>, GatherError> {
    let Some(admin) = source.and_then(|source| source.admin.as_ref()) else { return Ok(None) };
    let id = names::migration_id(&migration.uid().unwrap_or_default());
    let failed = |source| GatherError::Database { side: Side::Source, source };
    journal::read(context.postgres, admin, &id).await.map_err(failed)
}

/// The side that the service's pods have to be prepared for; asked only where the answer matters, right before the data goes there.
fn destination(migration: &DatabaseSplitMigration, journal: &Journal) -> Option<Side> {
    let spec = &migration.spec;
    let asked = |wanted: Option<AtEpoch>| wanted.is_some_and(|wanted| wanted.epoch == journal.status.epoch);
    match journal.status.phase {
        Phase::ReadyForCutover | Phase::Cutover => Some(Side::Target),
        Phase::RolledBack if asked(spec.forward) => Some(Side::Target),
        Phase::RollingBack => Some(Side::Source),
        Phase::Observe if asked(spec.rollback) => Some(Side::Source),
        _ => None,
    }
}

async fn unprepared(
    context: &Context,
    migration: &DatabaseSplitMigration,
    seen: &Observed,
) -> Result<Option<Vec<String>>, GatherError> {
    let Some(side) = seen.journal.as_ref().and_then(|journal| destination(migration, journal)) else { return Ok(None) };
    let member = if side == Side::Source { &seen.source } else { &seen.target };
    let Some(admin) = member.as_ref().and_then(|member| member.admin.as_ref()) else { return Ok(None) };
    let service = &migration.spec.service_ref.name;
    let api = Api::<Pod>::namespaced(context.client.clone(), &seen.namespace);
    let pods = read::list(&api, &format!("{}={service}", labels::SERVICE)).await?;
    let failed = |source| GatherError::Database { side, source };
    let connected = journal::sessions(context.postgres, admin, &format!("rerp/{service}/")).await.map_err(failed)?;
    let name = |pod: &Pod| format!("rerp/{service}/{}", pod.name_any()).chars().take(63).collect::<String>();
    Ok(Some(
        pods.iter().filter(|pod| is_ready(pod) && !connected.contains(&name(pod))).map(ResourceExt::name_any).collect(),
    ))
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    pod.metadata.deletion_timestamp.is_none()
        && conditions.into_iter().flatten().any(|one| one.type_ == "Ready" && one.status == "True")
}
