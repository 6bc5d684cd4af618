//! Where the data of a service is, and where it is going. Pure. In: the wish of the spec, what earlier passes recorded, the
//! migrations of the service. Out: a `Place`.
//!
//! The spec is only a wish: a migration moves data, an edit doesn't. So the place is what was recorded last, advanced by every
//! migration since then whose target owns the data. Without a record (a new service) it is the wish.

use crate::record::Record;
use jiff::Timestamp;
use kube::ResourceExt;
use rerp_crds::{DatabaseSplitMigration, SplitPhase};

/// A migration that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Its name.
    pub name: String,
    /// Where the data was when it began.
    pub source: String,
    /// Where the data goes.
    pub target: String,
}

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The record after this pass.
    pub record: Record,
    /// The migration under way, the oldest if there are several.
    pub live: Option<Live>,
    /// How the wish stands to it.
    pub wish: Wish,
}

/// How `spec.databaseRef` stands to the place of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It names the place.
    Here,
    /// It names the place before the last split.
    Moved,
    /// It names the target of the migration under way.
    Moving,
    /// It names a place that nothing moves the data to.
    NeedsMigration,
}

/// Finds the place.
pub fn place(wish: &str, known: Option<Record>, migrations: &[DatabaseSplitMigration]) -> Place {
    let mut sorted: Vec<_> = migrations.iter().collect();
    sorted.sort_by_key(|one| (created(one), one.name_any()));
    let start = known.unwrap_or_else(|| Record { database: wish.to_owned(), moved_from: None, moved_by: None });
    let record = sorted.iter().fold(start, |record, one| advance(record, one));
    let live = sorted.iter().find(|one| is_live(one) && concerns(one, &record)).map(|one| Live {
        name: one.name_any(),
        source: source(one).to_owned(),
        target: target(one).to_owned(),
    });
    let wish = match &live {
        _ if wish == record.database => Wish::Here,
        Some(live) if wish == live.target => Wish::Moving,
        _ if Some(wish) == record.moved_from.as_deref() => Wish::Moved,
        _ => Wish::NeedsMigration,
    };
    Place { record, live, wish }
}

/// The record after a migration: moved, if the target owns the data and the migration is newer than the last that moved it; moved
/// back, if that one has given the data back to its source. It may move it again.
fn advance(record: Record, migration: &DatabaseSplitMigration) -> Record {
    let is_last = record.moved_by == Some(created(migration));
    if record.knows_of(created(migration)) && !is_last {
        return record;
    }
    let (from, to) = (source(migration), target(migration));
    if target_owns(migration) && from == record.database {
        return Record {
            database: to.to_owned(),
            moved_from: Some(from.to_owned()),
            moved_by: Some(created(migration)),
        };
    }
    if is_last && source_owns(migration) && to == record.database {
        return Record { database: from.to_owned(), moved_from: None, ..record };
    }
    record
}

/// It begins where the data is, or it is the one that has just moved it.
fn concerns(migration: &DatabaseSplitMigration, record: &Record) -> bool {
    let moved_it = record.moved_by == Some(created(migration)) && target(migration) == record.database;
    moved_it || (source(migration) == record.database && !target_owns(migration))
}

fn source(migration: &DatabaseSplitMigration) -> &str {
    &migration.spec.source.database_ref.name
}

fn target(migration: &DatabaseSplitMigration) -> &str {
    &migration.spec.target.database_ref.name
}

fn created(migration: &DatabaseSplitMigration) -> Timestamp {
    migration.creation_timestamp().map(|time| time.0).unwrap_or_default()
}

fn phase(migration: &DatabaseSplitMigration) -> SplitPhase {
    migration.status.as_ref().and_then(|status| status.phase).unwrap_or_default()
}

fn is_live(migration: &DatabaseSplitMigration) -> bool {
    !phase(migration).is_terminal()
}

fn target_owns(migration: &DatabaseSplitMigration) -> bool {
    matches!(phase(migration), SplitPhase::Observe | SplitPhase::Finalize | SplitPhase::Completed)
}

/// For good, or until somebody decides otherwise: nothing of the kind is taken back while the target owns.
fn source_owns(migration: &DatabaseSplitMigration) -> bool {
    matches!(phase(migration), SplitPhase::RolledBack | SplitPhase::Aborting | SplitPhase::Aborted)
}
