//! The old tables are renamed or dropped: one transaction, all of them or none.
//!
//! In: what is remembered of them, once nothing is in the way and they have been quiet. Out: whether it is done. It is written down
//! before it is tried, looked at once more under the tables' locks, and written down as done in the transaction that does it.

use super::memory::{self, Done, Memory, Old};
use super::{look, obstacle, soak};
use crate::failpoint::{self, Step};
use crate::journal;
use crate::spec::CleanupPolicy;
use crate::sql;
use crate::step::{Job, StepError, chain, failed};
use jiff::Timestamp;
use std::collections::BTreeMap;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

/// The kind of an old table's intent.
pub(super) const KIND: &str = "old table";
/// How long one table's lock is waited for: others wait behind it. An autovacuum gives way once a deadlock is looked for.
const LIMITS: &str = "SET LOCAL lock_timeout = '1s'; SET LOCAL deadlock_timeout = '20ms'; SET LOCAL statement_timeout = '10min'; SET LOCAL synchronous_commit = on";

/// What came of it.
#[derive(Debug)]
pub enum Removed {
    /// They are renamed, or gone.
    Done(Done),
    /// Nothing has been changed: somebody is in the way.
    Held(String),
    /// Nothing has been changed: what was seen before is no longer so.
    Changed,
}

/// Renames or drops them.
///
/// # Errors
/// The source can't be reached, a statement fails, or a newer worker has begun.
pub async fn remove(job: &Job, source: &mut Client, known: &Memory, moved_at: Timestamp) -> Result<Removed, StepError> {
    for old in &known.tables {
        journal::cleanup::intend(source, job.id(), job.run, KIND, &name(job, old)).await?;
    }
    failpoint::step(Step::RemovalIntended).await;
    let held = {
        let transaction = job.begin(source).await?;
        match within_locks(job, &transaction, known, moved_at).await {
            Ok(None) => return Ok(Removed::Changed),
            Ok(Some(done)) => {
                failpoint::step(Step::TablesRemoved).await;
                transaction.commit().await.map_err(failed("deal with the old tables"))?;
                failpoint::step(Step::RemovalCommitted).await;
                return Ok(Removed::Done(done));
            }
            Err(error) => held(error)?,
        }
    };
    let names: Vec<String> = known.tables.iter().map(|old| old.name.clone()).collect();
    let holders = look::holders(source, &known.tables, &names).await?;
    Ok(Removed::Held(held + &look::whom(&holders, &BTreeMap::new(), &BTreeMap::new())))
}

/// All of it; none if what was seen before the locks is no longer so.
async fn within_locks(
    job: &Job,
    transaction: &Transaction<'_>,
    known: &Memory,
    moved_at: Timestamp,
) -> Result<Option<Done>, StepError> {
    let action = "deal with the old tables";
    transaction.batch_execute(LIMITS).await.map_err(failed(action))?;
    // As long as this lasts nobody opens the source.
    let hold = "SELECT rerp_split.hold_owner($1, false)";
    transaction.execute(hold, &[&job.id()]).await.map_err(failed("make sure that the source is closed"))?;
    let there = there(transaction, &known.tables).await?;
    let names = look::qualified(job, &there);
    if !names.is_empty() {
        let lock = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", names.join(", "));
        transaction.batch_execute(&lock).await.map_err(failed(action))?;
    }
    // Locks go by names: one that was dropped in between may be another table's by now.
    if self::there(transaction, &known.tables).await? != there {
        return Ok(None);
    }
    let now = look::look(transaction, &known.tables).await?;
    let quiet = soak::next(&job.spec.cleanup, known, &now) == soak::Next::Remove;
    if !quiet || !obstacle::find(job, transaction, &known.tables, moved_at).await?.is_empty() {
        return Ok(None);
    }
    for statement in statements(job, &there, &names, moved_at) {
        transaction.batch_execute(&statement).await.map_err(failed(action))?;
    }
    for old in &known.tables {
        journal::cleanup::settle(transaction, job.id(), job.run, KIND, &name(job, old)).await?;
    }
    let done = Done { policy: job.spec.cleanup.policy, at: now.at };
    memory::write(transaction, job, &Memory { done: Some(done), ..known.clone() }).await?;
    Ok(Some(done))
}

/// Nothing that stays goes with them: without CASCADE the server itself refuses that.
fn statements(job: &Job, there: &[Old], names: &[String], moved_at: Timestamp) -> Vec<String> {
    match job.spec.cleanup.policy {
        CleanupPolicy::Keep => Vec::new(),
        _ if names.is_empty() => Vec::new(),
        CleanupPolicy::Drop => vec![format!("DROP TABLE {} RESTRICT", names.join(", "))],
        CleanupPolicy::Rename => {
            let new = obstacle::new_names(there, moved_at);
            let rename = |old: &Old| {
                let name = new.get(&old.name).map(|name| sql::ident(name))?;
                Some(format!("ALTER TABLE {} RENAME TO {name}", self::name(job, old)))
            };
            there.iter().filter_map(rename).collect()
        }
    }
}

/// Those that nobody has dropped.
async fn there(transaction: &Transaction<'_>, tables: &[Old]) -> Result<Vec<Old>, StepError> {
    let oids: Vec<u32> = tables.iter().map(|old| old.oid).collect();
    let select = "SELECT oid FROM pg_class WHERE oid = ANY($1::oid[])";
    let rows = transaction.query(select, &[&oids]).await.map_err(failed("look for the old tables"))?;
    let left: Vec<u32> = rows.iter().map(|row| row.get(0)).collect();
    Ok(tables.iter().filter(|old| left.contains(&old.oid)).cloned().collect())
}

fn name(job: &Job, old: &Old) -> String {
    sql::qualified(&job.spec.source.schema, &old.name)
}

/// What somebody else has to end first, in words.
fn held(error: StepError) -> Result<String, StepError> {
    let StepError::Query { source, .. } = &error else { return Err(error) };
    match source.code() {
        Some(&SqlState::LOCK_NOT_AVAILABLE | &SqlState::T_R_DEADLOCK_DETECTED) => {
            Ok("somebody holds a lock on an old table".to_owned())
        }
        Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) => {
            let detail = source.as_db_error().and_then(|error| error.detail()).unwrap_or_default();
            Ok(format!("what stays depends on old tables: {}", detail.replace('\n', "; ")))
        }
        Some(&SqlState::UNDEFINED_TABLE) => Ok(chain(&error)),
        _ => Err(error),
    }
}
