//! The journal of severed foreign keys, on the source: what each was, whether it is in force, what has been compared.
//!
//! In: a fenced transaction for writes. Out: rows as types. Nothing is decided here.

use super::query::EXAMPLES;
use crate::inspect::Edge;
use crate::spec::Side;
use crate::step::{Job, StepError, failed};
use jiff::Timestamp;
use std::time::Duration;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, GenericClient, Row};

/// Whether a key is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is, and will be dropped.
    Intended,
    /// It has been dropped.
    Severed,
    /// It has been made again.
    Restored,
}

impl State {
    fn parse(text: &str) -> Result<Self, StepError> {
        match text {
            "intended" => Ok(Self::Intended),
            "severed" => Ok(Self::Severed),
            "restored" => Ok(Self::Restored),
            other => Err(StepError::Doomed(format!("the journal says of a foreign key that it is {other:?}"))),
        }
    }
}

/// One foreign key of this migration.
#[derive(Clone, Debug)]
pub struct Severed {
    /// Tells it apart within the migration, in the names of its triggers too.
    pub number: i32,
    /// What it was.
    pub edge: Edge,
    /// Whether it is in force.
    pub state: State,
    /// When it was dropped.
    pub severed_at: Option<Timestamp>,
    /// How often both tables' locks were asked for.
    pub tries: u32,
    /// The longest that one request for them took, milliseconds: others waited behind it.
    pub lock_wait_ms: f64,
    /// What a person should know: why it could not be made again, or not be compared.
    pub note: Option<String>,
    /// The last key of the present comparison; none between two.
    pub after: Option<Vec<String>>,
    /// What the present comparison took so far, milliseconds.
    pub pass_ms: f64,
    /// When all keys had been compared last.
    pub compared_at: Option<Timestamp>,
    /// All keys are to be compared (again): comparing takes at most a tenth of the time.
    pub due: bool,
}

const SELECT: &str = "SELECT number, edge, state, severed_at, tries, lock_wait_ms, note, key_after, pass_ms, compared_at, \
    key_after IS NOT NULL OR coalesce(now() >= compared_at + 9 * compared_ms * interval '1 ms', true) FROM rerp_split.foreign_key WHERE migration = $1 ORDER BY number";

/// All foreign keys of this migration.
///
/// # Errors
/// The journal can't be read, or was written by a version that this one doesn't understand.
pub async fn read<C: GenericClient + Sync>(source: &C, migration: &str) -> Result<Vec<Severed>, StepError> {
    let rows = source.query(SELECT, &[&migration]).await.map_err(failed("read the severed foreign keys"))?;
    rows.iter().map(of).collect()
}

fn of(row: &Row) -> Result<Severed, StepError> {
    let column = failed("understand a severed foreign key");
    let read = || -> Result<_, tokio_postgres::Error> {
        let Json(edge) = row.try_get::<_, Json<Edge>>(1)?;
        Ok((edge, row.try_get::<_, &str>(2)?))
    };
    let (edge, state) = read().map_err(column)?;
    Ok(Severed {
        number: row.get(0),
        edge,
        state: State::parse(state)?,
        severed_at: row.get(3),
        tries: row.get::<_, i32>(4).unsigned_abs(),
        lock_wait_ms: row.get(5),
        note: row.get(6),
        after: row.get(7),
        pass_ms: row.get(8),
        compared_at: row.get(9),
        due: row.get(10),
    })
}

/// Writes down the keys that are about to be dropped, as the catalog has them now; those that are severed stay as they are.
pub(super) async fn intend(job: &Job, source: &mut Client, edges: &[Edge]) -> Result<(), StepError> {
    let action = "write down the foreign keys that will be severed";
    let transaction = job.begin(source).await?;
    let forget = "DELETE FROM rerp_split.foreign_key WHERE migration = $1 AND state <> 'severed'";
    transaction.execute(forget, &[&job.id()]).await.map_err(failed(action))?;
    let insert = "INSERT INTO rerp_split.foreign_key (migration, number, edge) \
        SELECT $1, coalesce(max(number), 0) + 1, $2 FROM rerp_split.foreign_key WHERE migration = $1";
    for edge in edges {
        transaction.execute(insert, &[&job.id(), &Json(edge)]).await.map_err(failed(action))?;
    }
    transaction.commit().await.map_err(failed(action))
}

/// Sets the state; belongs into the transaction that drops the key or makes it again.
pub(super) async fn set_state<C: GenericClient + Sync>(
    transaction: &C,
    migration: &str,
    number: i32,
    state: State,
    locks: (u32, Duration),
) -> Result<(), StepError> {
    let text = match state {
        State::Intended => "intended",
        State::Severed => "severed",
        State::Restored => "restored",
    };
    let update = "UPDATE rerp_split.foreign_key SET state = $3, tries = $4, lock_wait_ms = $5, note = NULL, \
        severed_at = CASE $3 WHEN 'severed' THEN now() ELSE severed_at END WHERE migration = $1 AND number = $2";
    let (tries, wait) = (locks.0.cast_signed(), locks.1.as_secs_f64() * 1000.0);
    let done = transaction.execute(update, &[&migration, &number, &text, &tries, &wait]).await;
    match done.map_err(failed("write down what became of a foreign key"))? {
        1 => Ok(()),
        _ => Err(StepError::Lost(format!("foreign key {number} of migration {migration} is gone from the journal"))),
    }
}

/// Leaves a note for a person; none takes it away.
pub(super) async fn note(job: &Job, source: &mut Client, number: i32, note: Option<&str>) -> Result<(), StepError> {
    let action = "leave a note about a foreign key";
    let update = "UPDATE rerp_split.foreign_key SET note = $3 WHERE migration = $1 AND number = $2 \
        AND note IS DISTINCT FROM $3";
    let transaction = job.begin(source).await?;
    transaction.execute(update, &[&job.id(), &number, &note]).await.map_err(failed(action))?;
    transaction.commit().await.map_err(failed(action))
}

/// Known orphans of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Rows of the child.
    pub rows: u64,
    /// Keys that they refer to.
    pub keys: u64,
    /// Some of these keys.
    pub examples: Vec<String>,
}

/// What is known of a key's orphans.
pub(super) async fn known(source: &Client, migration: &str, key: &Severed) -> Result<Known, StepError> {
    let action = "count the known orphans";
    let count =
        "SELECT coalesce(sum(rows), 0)::int8, count(*) FROM rerp_split.orphan WHERE migration = $1 AND number = $2";
    let row = source.query_one(count, &[&migration, &key.number]).await.map_err(failed(action))?;
    let unsigned = |index| u64::try_from(row.get::<_, i64>(index)).unwrap_or(0);
    let mut known = Known { rows: unsigned(0), keys: unsigned(1), examples: Vec::new() };
    if key.edge.is_plain() && known.keys > 0 {
        let some = format!(
            "SELECT array_to_string(key, ', ') FROM rerp_split.orphan WHERE migration = $1 AND number = $2 \
             AND key <> '{{}}' ORDER BY key LIMIT {EXAMPLES}"
        );
        let rows = source.query(&some, &[&migration, &key.number]).await.map_err(failed(action))?;
        known.examples = rows.iter().map(|row| row.get(0)).collect();
    }
    Ok(known)
}

/// Reads all keys with a session of its own.
pub(super) async fn of_job(job: &Job) -> Result<Vec<Severed>, StepError> {
    let source = job.session(Side::Source, "foreign-key").await?;
    read(&source, job.id()).await
}
