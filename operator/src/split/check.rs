//! From a raw spec and what exists to what the worker is told. Pure.
//! In: the migration, the objects it names, its rivals. Out: `Checked`, or the outcome that holds it back.

use super::gather::{Member, Observed};
use crate::outcome::Outcome;
use kube::ResourceExt;
use rerp_crds::duration::DurationError;
use rerp_crds::split::{
    AcrossDomains, AdvanceTo, Cleanup, CleanupBackup, CleanupPolicy, CopySettings, DEFAULT_CLEANUP_AFTER,
    DEFAULT_CUTOVER_BUDGET, DEFAULT_MAX_WRITE_PAUSE, DEFAULT_QUIET_FOR, Evidence, EvidencePolicy, ForeignKeys,
    ReplicationSettings,
};
use rerp_crds::{
    ConditionType, DatabaseSplitMigration, Duration as Text, Reason, RerpService, ServiceDatabase, SplitPhase,
    condition, names,
};
use rerp_split::spec::{
    self, BackupSpec, CleanupSpec, CopySpec, EvidenceSpec, ForeignKeySpec, Policy, ReplicationSpec, Roles, SideSpec,
    Spec,
};
use std::time::Duration;

/// How soon to look again for something that a watch reports too.
const SAFETY: Duration = Duration::from_secs(30);

/// A migration that can be worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What the worker reads.
    pub spec: Spec,
    /// How far the user lets it go.
    pub advance_to: AdvanceTo,
    /// How long it waits after the cutover.
    pub observe: Duration,
}

/// Checks everything that must hold before the worker may start.
///
/// # Errors
/// The outcome that says what is missing or wrong, first failure first.
pub fn check(migration: &DatabaseSplitMigration, seen: &Observed) -> Result<Checked, Outcome> {
    let spec = &migration.spec;
    conflict(migration, seen)?;
    let service = seen.service.as_ref().ok_or_else(|| {
        let name = &spec.service_ref.name;
        Outcome::refused(
            Reason::ServiceMissing,
            format!("RerpService {name} does not exist; create it or correct spec.serviceRef"),
        )
    })?;
    let source = member("source", &spec.source.database_ref.name, seen.source.as_ref())?;
    let target = member("target", &spec.target.database_ref.name, seen.target.as_ref())?;
    is_source(service, migration, seen)?;
    own_server(source, target)?;
    own_schema(migration, target)?;
    waits_for(migration, seen)?;
    checked(migration, &seen.namespace, (source, target), cleanup(spec.cleanup.as_ref())?)
}

/// What the worker needs to take a migration back: both databases, whatever else may be wrong by now.
///
/// # Errors
/// A database is gone, or a duration of the spec can't be read.
pub fn for_removal(migration: &DatabaseSplitMigration, seen: &Observed) -> Result<Checked, Outcome> {
    let spec = &migration.spec;
    let source = exists("source", &spec.source.database_ref.name, seen.source.as_ref())?;
    let target = exists("target", &spec.target.database_ref.name, seen.target.as_ref())?;
    // It detaches from the old tables, whatever was to become of them.
    checked(migration, &seen.namespace, (source, target), cleanup(spec.cleanup.as_ref()).unwrap_or_default())
}

fn checked(
    migration: &DatabaseSplitMigration,
    namespace: &str,
    (source, target): (&Member, &Member),
    cleanup: CleanupSpec,
) -> Result<Checked, Outcome> {
    let spec = &migration.spec;
    let cutover = spec.cutover.clone().unwrap_or_default();
    let pause = length("spec.cutover.maxWritePause", cutover.max_write_pause.as_ref(), DEFAULT_MAX_WRITE_PAUSE)?;
    let budget = length("spec.cutover.budget", cutover.budget.as_ref(), DEFAULT_CUTOVER_BUDGET)?;
    let observe = spec.observe.as_ref().and_then(|observe| observe.duration.as_ref());
    let wait = length("spec.observe.duration", observe, "0s")?;
    Ok(Checked {
        spec: Spec {
            migration: names::migration_id(&migration.uid().unwrap_or_default()),
            source: side(namespace, source),
            target: side(namespace, target),
            tables: None,
            max_write_pause_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            cutover_budget_s: budget.as_secs(),
            copy: copy(spec.copy.as_ref())?,
            replication: replication(spec.replication.as_ref()),
            foreign_keys: foreign_keys(spec.foreign_keys.as_ref()),
            evidence: evidence(spec.evidence.as_ref())?,
            // Only who writes that there is nothing to wait for has no use for it: observing can also be made longer by advanceTo.
            way_back: observe.is_none() || !wait.is_zero(),
            cleanup,
        },
        advance_to: spec.advance_to.unwrap_or_default(),
        observe: wait,
    })
}

/// What isn't said is the engine's default.
fn copy(given: Option<&CopySettings>) -> Result<CopySpec, Outcome> {
    let (given, default) = (given.cloned().unwrap_or_default(), CopySpec::default());
    let latency = given.max_writer_latency.as_ref().map(|text| length("spec.copy.maxWriterLatency", Some(text), "0s"));
    let latency = latency.transpose()?.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    Ok(CopySpec {
        workers: given.workers.and_then(|count| u32::try_from(count).ok()).unwrap_or(default.workers),
        max_bytes_per_second: given.max_bytes_per_second.and_then(|rate| u64::try_from(rate).ok()),
        max_writer_latency_ms: latency,
        ..default
    })
}

fn replication(given: Option<&ReplicationSettings>) -> ReplicationSpec {
    let bytes = given.and_then(|given| given.max_retained_wal_bytes);
    ReplicationSpec { max_retained_wal_bytes: bytes.and_then(|bytes| u64::try_from(bytes).ok()) }
}

fn foreign_keys(given: Option<&ForeignKeys>) -> ForeignKeySpec {
    let given = given.cloned().unwrap_or_default();
    let across_domains = match given.across_domains.unwrap_or_default() {
        AcrossDomains::Refuse => spec::AcrossDomains::Refuse,
        AcrossDomains::Sever => spec::AcrossDomains::Sever,
    };
    ForeignKeySpec { across_domains, waive_orphans: given.waive_orphans.unwrap_or_default() }
}

fn evidence(given: Option<&Evidence>) -> Result<EvidenceSpec, Outcome> {
    let given = given.cloned().unwrap_or_default();
    let quiet_for = length("spec.evidence.quietFor", given.quiet_for.as_ref(), DEFAULT_QUIET_FOR)?;
    let policy = match given.policy.unwrap_or_default() {
        EvidencePolicy::Require => Policy::Require,
        EvidencePolicy::Warn => Policy::Warn,
        EvidencePolicy::Ignore => Policy::Ignore,
    };
    Ok(EvidenceSpec { policy, quiet_for_s: quiet_for.as_secs() })
}

/// What becomes of the old tables. Workers have no volume, and a backup that goes with its pod is none.
fn cleanup(given: Option<&Cleanup>) -> Result<CleanupSpec, Outcome> {
    let given = given.cloned().unwrap_or_default();
    let after_s = length("spec.cleanup.after", given.after.as_ref(), DEFAULT_CLEANUP_AFTER)?.as_secs();
    match (given.policy.unwrap_or_default(), given.backup.unwrap_or_default()) {
        (CleanupPolicy::Keep, _) => Ok(CleanupSpec::default()),
        (CleanupPolicy::Rename, _) => Ok(CleanupSpec { policy: spec::CleanupPolicy::Rename, after_s, backup: None }),
        (CleanupPolicy::Drop, CleanupBackup::None) => {
            Ok(CleanupSpec { policy: spec::CleanupPolicy::Drop, after_s, backup: Some(BackupSpec::None) })
        }
        (CleanupPolicy::Drop, CleanupBackup::Required) => Err(Outcome::refused(
            Reason::InvalidSpec,
            "spec.cleanup.policy Drop wants a backup first, and there is no place for one in the cluster yet; set spec.cleanup.policy to \
             Rename, or spec.cleanup.backup to None to drop the old tables without one",
        )),
    }
}

/// Two live migrations must not touch one schema. The older one goes on.
fn conflict(migration: &DatabaseSplitMigration, seen: &Observed) -> Result<(), Outcome> {
    let age = |one: &DatabaseSplitMigration| (one.creation_timestamp().map(|time| time.0), one.name_any());
    let touches = |one: &DatabaseSplitMigration| {
        let (spec, other) = (&migration.spec, &one.spec);
        spec.service_ref == other.service_ref
            || spec.source.database_ref == other.source.database_ref
            || spec.target.database_ref == other.target.database_ref
    };
    let live = |one: &DatabaseSplitMigration| {
        !one.status.as_ref().and_then(|status| status.phase).is_some_and(SplitPhase::is_terminal)
    };
    let mut rivals = seen.others.iter().filter(|one| live(one) && touches(one) && age(one) < age(migration));
    match rivals.next() {
        None => Ok(()),
        Some(rival) => Err(Outcome::refused(
            Reason::MigrationConflict,
            format!(
                "DatabaseSplitMigration {} works on the same service or database; wait for it or delete one",
                rival.name_any()
            ),
        )),
    }
}

fn exists<'a>(role: &str, name: &str, member: Option<&'a Member>) -> Result<&'a Member, Outcome> {
    member.ok_or_else(|| {
        Outcome::refused(
            Reason::DatabaseMissing,
            format!("ServiceDatabase {name} (the {role}) does not exist; create it"),
        )
    })
}

/// The database exists and is ready.
fn member<'a>(role: &str, name: &str, member: Option<&'a Member>) -> Result<&'a Member, Outcome> {
    let member = exists(role, name, member)?;
    let database = &member.database;
    let conditions = database.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    if !condition::is_true(conditions, ConditionType::Ready, database.metadata.generation) {
        let on = format!("ServiceDatabase {name} (the {role}) is not ready");
        return Err(Outcome::waiting(Reason::DatabaseNotReady, on, SAFETY));
    }
    if member.admin.is_none() {
        return Err(Outcome::waiting(Reason::SecretMissing, no_admin(member), SAFETY));
    }
    Ok(member)
}

/// What is waited for where a database's superuser isn't known.
pub(super) fn no_admin(member: &Member) -> String {
    let (secret, database) = (names::admin_secret(&member.server), member.database.name_any());
    format!("Secret {secret} with the superuser of ServiceDatabase {database}; restore it")
}

/// The service's data is where the migration says, unless the migration itself has begun to move it.
fn is_source(service: &RerpService, migration: &DatabaseSplitMigration, seen: &Observed) -> Result<(), Outcome> {
    let resolved = service.status.as_ref().and_then(|status| status.resolved.as_ref());
    let present = resolved.and_then(|resolved| resolved.database_ref.as_ref()).or(service.spec.database_ref.as_ref());
    let source = &migration.spec.source.database_ref;
    if seen.journal.is_some() || present == Some(source) {
        return Ok(());
    }
    let present = present.map_or("no ServiceDatabase", |present| present.name.as_str());
    Err(Outcome::refused(
        Reason::SourceMismatch,
        format!(
            "RerpService {} uses {present}, not {}; correct spec.source.databaseRef",
            service.name_any(),
            source.name
        ),
    ))
}

fn own_server(source: &Member, target: &Member) -> Result<(), Outcome> {
    if source.server != target.server {
        return Ok(());
    }
    let message = format!(
        "source and target are both on the server of ServiceDatabase {}; let the target have a server of its own (engine.embedded)",
        source.server
    );
    Err(Outcome::refused(Reason::InvalidSpec, message))
}

fn own_schema(migration: &DatabaseSplitMigration, target: &Member) -> Result<(), Outcome> {
    let name = target.database.name_any();
    let schema = target.database.spec.schema(&name);
    match &migration.spec.target.schema {
        Some(wanted) if *wanted != schema => {
            let message = format!(
                "spec.target.schema is {wanted}, ServiceDatabase {name} has the schema {schema}; write that one, or leave it out"
            );
            Err(Outcome::refused(Reason::InvalidSpec, message))
        }
        _ => Ok(()),
    }
}

fn waits_for(migration: &DatabaseSplitMigration, seen: &Observed) -> Result<(), Outcome> {
    let completed = |name: &str| {
        let mut others = seen.others.iter().filter(|one| one.name_any() == name);
        others.any(|one| one.status.as_ref().and_then(|status| status.phase) == Some(SplitPhase::Completed))
    };
    let open: Vec<&str> =
        migration.spec.depends_on.iter().map(|one| one.name.as_str()).filter(|name| !completed(name)).collect();
    if open.is_empty() {
        return Ok(());
    }
    Err(Outcome::waiting(Reason::WaitingForMigration, format!("{} must be Completed first", open.join(", ")), SAFETY))
}

/// Schema and roles of one side, by the names that the ServiceDatabase gives them.
fn side(namespace: &str, member: &Member) -> SideSpec {
    let ServiceDatabase { spec, .. } = &member.database;
    let name = member.database.name_any();
    let schema = spec.schema(&name);
    let id = |name| names::Id { namespace, name };
    let roles = names::RoleNames::new(id(&member.server), id(&name), &schema);
    SideSpec {
        schema,
        roles: Roles {
            owner: roles.owner(),
            migrate: vec![roles.migrate()],
            app: vec![roles.app()],
            read: vec![roles.read()],
        },
    }
}

fn length(field: &str, given: Option<&Text>, default: &str) -> Result<Duration, Outcome> {
    let text = given.cloned().unwrap_or_else(|| Text::new(default));
    text.parse().map_err(|error: DurationError| Outcome::refused(Reason::InvalidSpec, format!("{field}: {error}")))
}
