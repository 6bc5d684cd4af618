//! The database of a service: which one, with which logins, and is it the service's alone? Pure.
//! In: the wish, the record, what was read. Out: `DatabaseUse` and a verdict, or the outcome that stops the pass.

use super::Verdict;
use super::place::{Live, Place, Wish, place};
use crate::outcome::Outcome;
use crate::record::Record;
use crate::service::gather::Database;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use rerp_crds::{ConditionType, DatabaseSplitMigration, Reason, RerpService, ServiceDatabase, condition, names};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Look again at a database that isn't ready; a watch usually comes first.
const AGAIN: Duration = Duration::from_secs(10);

/// What the builders need. No Debug: it holds passwords.
pub struct DatabaseUse {
    /// Where the data is, to be remembered.
    pub record: Record,
    /// Logins of the key `current`.
    pub current: Logins,
    /// Logins of the key `next`, while a migration is under way.
    pub next: Option<Logins>,
    /// ServiceDatabase that the migration under way moves the data to.
    pub next_name: Option<String>,
    /// ServiceDatabases that run the servers of both.
    pub servers: BTreeSet<String>,
}

/// The two logins of one ServiceDatabase, as URIs. No Debug: they hold passwords.
pub struct Logins {
    /// For the pods.
    pub app: Vec<u8>,
    /// For the migrate command.
    pub migrate: Vec<u8>,
}

/// What `resolve` looks at.
pub struct Seen<'a> {
    /// Every RerpService of the namespace.
    pub services: &'a [RerpService],
    /// Migrations of this service.
    pub migrations: &'a [DatabaseSplitMigration],
    /// ServiceDatabases by name.
    pub databases: &'a BTreeMap<String, Database>,
}

/// Finds the database and its logins.
pub fn resolve(
    object: &RerpService,
    wish: &str,
    known: Option<Record>,
    seen: &Seen<'_>,
) -> Result<(DatabaseUse, Verdict), Outcome> {
    let established = known.is_some();
    let Place { record, live, wish: standing } = place(wish, known, seen.migrations);
    alone(object, &record.database, established, seen.services)?;
    let current_name = live.as_ref().map_or(record.database.as_str(), |live| live.source.as_str());
    let database = seen.databases.get(current_name).ok_or_else(|| missing(current_name, wish))?;
    let current = logins(current_name, database)?;
    let next = live.as_ref().filter(|live| !used_by_others(object, &live.target, seen.services)).and_then(|live| {
        let logins = logins(&live.target, seen.databases.get(&live.target)?).ok()?;
        Some((live.target.clone(), logins))
    });
    let verdict = verdict(wish, &record, live.as_ref(), standing, &database.object);
    let (next_name, next) = next.unzip();
    let servers = [Some(current_name), next_name.as_deref()].into_iter().flatten();
    let servers =
        servers.filter_map(|name| Some(seen.databases.get(name)?.object.spec.server(name).to_owned())).collect();
    Ok((DatabaseUse { record, current, next, next_name, servers }, verdict))
}

/// DatabaseReady.
fn verdict(wish: &str, record: &Record, live: Option<&Live>, standing: Wish, database: &ServiceDatabase) -> Verdict {
    let (place, name) = (&record.database, database.name_any());
    if standing == Wish::NeedsMigration {
        let message = format!(
            "spec.databaseRef names {wish}, and the data is in ServiceDatabase {place}; create a DatabaseSplitMigration from {place} to {wish}, or name {place} again"
        );
        return Verdict::Off(Outcome::refused(Reason::DatabaseMoveNeedsMigration, message));
    }
    let conditions = database.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    if !condition::is_true(conditions, ConditionType::DatabaseReady, database.metadata.generation) {
        let why = condition::find(conditions, ConditionType::Ready).map_or("not looked at yet", |c| &c.message);
        let on = format!("ServiceDatabase {name} is not ready: {why}");
        return Verdict::Off(Outcome::waiting(Reason::DatabaseNotReady, on, AGAIN));
    }
    match (live, standing) {
        (Some(live), _) => {
            let message =
                format!("DatabaseSplitMigration {} moves the data from {} to {}", live.name, live.source, live.target);
            Verdict::Fine(Reason::DatabaseMoving, message)
        }
        (None, Wish::Moved) => Verdict::Fine(
            Reason::DatabaseMoved,
            format!(
                "a split moved the data to ServiceDatabase {place}; spec.databaseRef still names {wish}, name {place} there"
            ),
        ),
        (None, _) => Verdict::Fine(Reason::AsExpected, format!("the data is in ServiceDatabase {place}")),
    }
}

fn missing(name: &str, wish: &str) -> Outcome {
    let message = if name == wish {
        format!("ServiceDatabase {name} in spec.databaseRef does not exist; create it or correct spec.databaseRef")
    } else {
        format!("ServiceDatabase {name}, which holds the data, does not exist; create it again, its data was retained")
    };
    Outcome::refused(Reason::DatabaseMissing, message)
}

fn logins(name: &str, database: &Database) -> Result<Logins, Outcome> {
    let uri = |secret: Option<&Secret>, of: String| {
        let uri = secret.and_then(|secret| secret.data.as_ref()?.get("uri").cloned());
        uri.map(|uri| uri.0).ok_or_else(|| {
            let on = format!("Secret {of}, which ServiceDatabase {name} writes when it is ready");
            Outcome::waiting(Reason::DatabaseNotReady, on, AGAIN)
        })
    };
    Ok(Logins {
        app: uri(database.binding.as_ref(), names::binding_secret(name))?,
        migrate: uri(database.migrate.as_ref(), names::binding_migrate_secret(name))?,
    })
}

/// One RerpService per ServiceDatabase. Who is there already stays; among newcomers the older one wins.
fn alone(object: &RerpService, database: &str, established: bool, services: &[RerpService]) -> Result<(), Outcome> {
    let rank = |one: &RerpService, established: bool| {
        (!established, one.creation_timestamp().map(|time| time.0), one.name_any())
    };
    let others = services.iter().filter(|one| one.metadata.name != object.metadata.name && uses(one, database));
    let first = others.map(|one| rank(one, resolved(one).contains(&database))).min();
    match first {
        Some(first) if first < rank(object, established) => Err(Outcome::refused(
            Reason::DatabaseInUse,
            format!(
                "ServiceDatabase {database} belongs to RerpService {}; give this service a ServiceDatabase of its own (engine.shared puts it on the same server)",
                first.2
            ),
        )),
        _ => Ok(()),
    }
}

fn used_by_others(object: &RerpService, database: &str, services: &[RerpService]) -> bool {
    services.iter().any(|one| one.metadata.name != object.metadata.name && uses(one, database))
}

/// Whether a service has its data in `database`, is moving there, or (as long as it has none) wishes to.
fn uses(service: &RerpService, database: &str) -> bool {
    let resolved = resolved(service);
    if resolved.is_empty() {
        return service.spec.database_ref.as_ref().is_some_and(|wish| wish.name == database);
    }
    resolved.contains(&database)
}

fn resolved(service: &RerpService) -> Vec<&str> {
    let resolved = service.status.as_ref().and_then(|status| status.resolved.as_ref());
    let both = resolved.into_iter().flat_map(|one| [&one.database_ref, &one.next_database_ref]);
    both.flatten().map(|reference| reference.name.as_str()).collect()
}
