//! Severing: every foreign key between moving and staying tables is dropped, one after the other, right before the fence.
//!
//! In: the keys that the catalog has now, the hash that the plan was made for. Out: all severed, or held and why. Each
//! step is a transaction of its own that is fenced by the run and by the owner row, so a worker may die between any two
//! of them: what the next one finds is a key that is there, or a row that says how to make it again.

use super::lock::{Change, Ended, Patience, change};
use super::rows::{self, Severed, State};
use super::statement::{capture_sql, drop_sql, lock_sql};
use crate::inspect::{Edge, schema_hash};
use crate::journal;
use crate::spec::Side;
use crate::step::{Job, StepError, failed};
use std::time::Duration;
use tokio_postgres::Client;

/// How long one statement under the locks may take; they only change the catalog.
const STATEMENT_LIMIT: &str = "5s";

/// What severing came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Severing {
    /// No foreign key is left between moving and staying tables.
    Done,
    /// Not all are severed, and this is why; what is severed stays so.
    Held(String),
}

/// Severs what is left of `edges`, the keys in the catalog. Nothing happens once the source has closed.
///
/// # Errors
/// The definitions are not what `planned` was the hash of, the spec doesn't allow it, a statement fails, or a newer worker
/// has begun.
pub async fn sever(job: &Job, edges: &[Edge], planned: Option<&str>) -> Result<Severing, StepError> {
    if edges.is_empty() {
        return Ok(Severing::Done);
    }
    let mut source = job.session(Side::Source, "sever").await?;
    let owner = journal::read_owner(&source, &job.spec.source.schema).await?;
    if owner.is_some_and(|owner| owner.migration == job.id() && !owner.is_owner) {
        return Ok(Severing::Done);
    }
    allowed(job, &source, edges, planned).await?;
    intend(job, &mut source, edges).await?;
    if let Severing::Held(why) = arm(job, &source).await? {
        return Ok(Severing::Held(why));
    }
    for key in rows::read(&source, job.id()).await?.iter().filter(|key| key.state == State::Intended) {
        if let Severing::Held(why) = cut(job, &mut source, key).await? {
            return Ok(Severing::Held(why));
        }
    }
    Ok(Severing::Done)
}

/// Only what preflight has shown, and a person has approved, is dropped.
async fn allowed(job: &Job, source: &Client, edges: &[Edge], planned: Option<&str>) -> Result<(), StepError> {
    if !job.spec.foreign_keys.severs() {
        let names: Vec<&str> = edges.iter().map(|edge| edge.name.as_str()).collect();
        let text = format!("foreign keys between moving and staying tables must not be severed: {}", names.join(", "));
        return Err(StepError::Doomed(text));
    }
    let severed = lines(&rows::read(source, job.id()).await?);
    let hash = schema_hash(source, &job.spec.source.schema, job.spec.tables.as_deref(), &severed).await;
    if planned == Some(hash.map_err(failed("hash the definitions"))?.as_str()) {
        return Ok(());
    }
    Err(StepError::Doomed("the definition of the moving tables has changed since the plan was made".into()))
}

/// The lines that severed keys had in the hash of the definitions.
#[must_use]
pub fn lines(keys: &[Severed]) -> Vec<String> {
    keys.iter().filter(|key| key.state == State::Severed).map(|key| key.edge.line.clone()).collect()
}

/// First step: writes every key down.
///
/// # Errors
/// The statement fails, or a newer worker has begun.
pub async fn intend(job: &Job, source: &mut Client, edges: &[Edge]) -> Result<(), StepError> {
    rows::intend(job, source, edges).await
}

/// Second step: sets the capture on those parents that move, on the target, before it can be opened.
///
/// # Errors
/// A statement fails, or a newer worker has begun.
pub async fn arm(job: &Job, source: &Client) -> Result<Severing, StepError> {
    let keys = rows::read(source, job.id()).await?;
    let moving: Vec<&Severed> =
        keys.iter().filter(|key| key.state == State::Intended && !key.edge.child_moves).collect();
    if moving.is_empty() {
        return Ok(Severing::Done);
    }
    let mut target = job.session(Side::Target, "sever").await?;
    for key in moving {
        let arming = Change {
            owner: Some(false),
            lock: format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", key.edge.parent),
            statements: capture_sql(job.id(), key.number, &key.edge),
            limit: STATEMENT_LIMIT,
            state: None,
        };
        if let Ended::Held(why) = change(job, &mut target, &arming, patience(job)).await? {
            return Ok(Severing::Held(why));
        }
    }
    Ok(Severing::Done)
}

/// Third step, for one key: sets the capture on the parent and drops the key, both or neither.
///
/// # Errors
/// A statement fails, or a newer worker has begun.
pub async fn cut(job: &Job, source: &mut Client, key: &Severed) -> Result<Severing, StepError> {
    let mut statements = capture_sql(job.id(), key.number, &key.edge);
    statements.push(drop_sql(&key.edge));
    let cutting = Change {
        owner: Some(true),
        lock: lock_sql(&key.edge),
        statements,
        limit: STATEMENT_LIMIT,
        state: Some((key.number, State::Severed)),
    };
    match change(job, source, &cutting, patience(job)).await? {
        Ended::Done => {
            tracing::info!(migration = job.id(), key = key.edge.name, child = key.edge.child, "foreign key severed");
            Ok(Severing::Done)
        }
        Ended::Held(why) => Ok(Severing::Held(format!("{} is not severed: {why}", key.edge.name))),
    }
}

/// As long as the fence may take.
fn patience(job: &Job) -> Patience {
    Patience { limit: Duration::from_secs(job.spec.cutover_budget_s), heed_wish: true }
}
