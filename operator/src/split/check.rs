//! From a raw spec and what exists to what the worker is told. Pure.
//! In: the migration, the objects it names, its rivals. Out: `Checked`, or the outcome that holds it back.

mod settings;

use super::gather::{Member, Observed};
use super::window::Window;
use crate::outcome::Outcome;
use kube::ResourceExt;
use rerp_crds::split::{AdvanceTo, DEFAULT_CUTOVER_BUDGET, DEFAULT_MAX_WRITE_PAUSE};
use rerp_crds::{
    ConditionType, DatabaseSplitMigration, Reason, RerpService, ServiceDatabase, SplitPhase, condition, names,
};
use rerp_split::spec::{CleanupSpec, Roles, SideSpec, Spec, VerificationSpec};
use settings::{copy, evidence, foreign_keys, length, proof, replication};
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
    /// When the cutover may begin by itself; none is always.
    pub window: Option<Window>,
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
    checked(migration, &seen.namespace, (source, target), proof(spec)?)
}

/// What the worker needs to take a migration back: both databases, whatever else may be wrong by now.
///
/// # Errors
/// A database is gone, or a duration of the spec can't be read.
pub fn for_removal(migration: &DatabaseSplitMigration, seen: &Observed) -> Result<Checked, Outcome> {
    let spec = &migration.spec;
    let source = exists("source", &spec.source.database_ref.name, seen.source.as_ref())?;
    let target = exists("target", &spec.target.database_ref.name, seen.target.as_ref())?;
    // It compares nothing any more, and detaches from the old tables, whatever was to become of them.
    checked(migration, &seen.namespace, (source, target), proof(spec).unwrap_or_default())
}

fn checked(
    migration: &DatabaseSplitMigration,
    namespace: &str,
    (source, target): (&Member, &Member),
    (verification, cleanup): (VerificationSpec, CleanupSpec),
) -> Result<Checked, Outcome> {
    let spec = &migration.spec;
    let cutover = spec.cutover.clone().unwrap_or_default();
    let pause = length("spec.cutover.maxWritePause", cutover.max_write_pause.as_ref(), DEFAULT_MAX_WRITE_PAUSE)?;
    let budget = length("spec.cutover.budget", cutover.budget.as_ref(), DEFAULT_CUTOVER_BUDGET)?;
    let observe = spec.observe.as_ref().and_then(|observe| observe.duration.as_ref());
    let wait = length("spec.observe.duration", observe, "0s")?;
    let window = cutover.window.as_ref().map(Window::new).transpose();
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
            verification,
            foreign_keys: foreign_keys(spec.foreign_keys.as_ref()),
            evidence: evidence(spec.evidence.as_ref())?,
            // Only who writes that there is nothing to wait for has no use for it: observing can also be made longer by advanceTo.
            way_back: observe.is_none() || !wait.is_zero(),
            cleanup,
        },
        advance_to: spec.advance_to.unwrap_or_default(),
        observe: wait,
        window: window.map_err(|what| Outcome::refused(Reason::InvalidSpec, what))?,
    })
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
