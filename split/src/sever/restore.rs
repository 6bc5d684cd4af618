//! Makes severed foreign keys again: for an abort on the source, and for a person wherever both tables are again.
//!
//! In: the rows of the journal. Out: keys as they were, NOT VALID where there are children without a parent. First the key
//! without a look at old rows, under locks that are short; then that look, while writers go on. What a server refuses
//! for good (the table has changed) is noted and left, or an abort would never end.

use super::lock::{Change, Ended, change};
use super::release::{PATIENCE, release_on};
use super::rows::{self, Severed, State};
use super::statement::{add_sql, comment_sql, validate_sql};
use super::watch::within_one;
use crate::inspect::Edge;
use crate::spec::Side;
use crate::step::{Job, StepError, chain, failed};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// How long the look at old rows may take; it lets writers go on.
const LOOK_LIMIT: &str = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '6h'";

/// Takes severing back on the source, which must own what has not moved, and ends the capture there.
///
/// # Errors
/// Locks aren't granted in time, the source is not the owner, a statement fails, or a newer worker has begun.
pub async fn restore(job: &Job) -> Result<(), StepError> {
    let keys = rows::of_job(job).await?;
    if keys.is_empty() {
        return Ok(());
    }
    on(job, Side::Source, &keys).await?;
    release_on(job, Side::Source).await
}

/// Makes each of the keys again on `side`, the last severed first.
pub(super) async fn on(job: &Job, side: Side, keys: &[Severed]) -> Result<(), StepError> {
    let mut client = job.session(side, "restore").await?;
    let mut journal = job.session(Side::Source, "restore").await?;
    for key in keys.iter().rev().filter(|key| key.state == State::Severed) {
        let note = add(job, side, &mut client, key).await?;
        if note.is_some() {
            rows::note(job, &mut journal, key.number, note.as_deref()).await?;
        }
    }
    for key in rows::of_job(job).await?.iter().filter(|key| key.state == State::Restored && key.edge.validated) {
        validate(job, side, &mut client, key).await?;
    }
    Ok(())
}

/// Makes the key; returns why it can't be, if it can't.
async fn add(job: &Job, side: Side, client: &mut Client, key: &Severed) -> Result<Option<String>, StepError> {
    let edge = &key.edge;
    let there = present(client, edge).await?;
    if let Some(there) = &there
        && there.definition.trim_end_matches(" NOT VALID") != edge.definition.trim_end_matches(" NOT VALID")
    {
        return Ok(Some(format!("{} is there with another definition: {}", edge.name, there.definition)));
    }
    match change(job, client, &adding(edge, key.number, side, there.is_none(), version(client).await?), PATIENCE).await
    {
        Ok(Ended::Done) => {
            if side == Side::Target {
                follow(job, key).await?;
            }
            Ok(None)
        }
        Ok(Ended::Held(why)) => {
            tracing::warn!(migration = job.id(), key = edge.name, why, "foreign key not made again yet");
            let what = format!("locking {} and {}", edge.child, edge.parent);
            Err(StepError::Deadline { what, seconds: PATIENCE.limit.as_secs() })
        }
        Err(error) if is_violation(&error) => {
            let rows = within_one(job, side, key).await?;
            Ok(Some(format!("{} could not be made again: {rows} have no parent", edge.name)))
        }
        Err(error) if is_final(&error) => Ok(Some(format!("{} could not be made again: {}", edge.name, chain(&error)))),
        Err(error) => Err(error),
    }
}

/// Makes the key if it is missing, and says so in the journal.
fn adding(edge: &Edge, number: i32, side: Side, missing: bool, version: u32) -> Change<'static> {
    let add = missing.then(|| add_sql(edge, version));
    Change {
        owner: Some(true),
        lock: format!("LOCK TABLE {}, {} IN SHARE ROW EXCLUSIVE MODE", edge.child, edge.parent),
        statements: add.into_iter().chain(comment_sql(edge)).collect(),
        limit: "1h",
        // The journal is on the source: elsewhere the row follows, and what is there already is found as above.
        state: (side == Side::Source).then_some((number, State::Restored)),
    }
}

/// The row of a key that was made again on the target.
async fn follow(job: &Job, key: &Severed) -> Result<(), StepError> {
    let mut source = job.session(Side::Source, "restore").await?;
    let transaction = job.begin(&mut source).await?;
    rows::set_state(&transaction, job.id(), key.number, State::Restored, (key.tries, std::time::Duration::ZERO))
        .await?;
    transaction.commit().await.map_err(failed("write down that a foreign key is there again"))
}

/// Looks at the rows that are there; where some have no parent the key stays NOT VALID, and they are written down.
async fn validate(job: &Job, side: Side, client: &mut Client, key: &Severed) -> Result<(), StepError> {
    let edge = &key.edge;
    if present(client, edge).await?.is_none_or(|there| there.validated) {
        return Ok(());
    }
    let looked = look(job, client, edge).await;
    match looked {
        Err(error) if is_violation(&error) => {
            let rows = within_one(job, side, key).await?;
            tracing::warn!(
                migration = job.id(),
                key = edge.name,
                "foreign key is there again, NOT VALID: {rows} have no parent"
            );
            Ok(())
        }
        other => other,
    }
}

async fn look(job: &Job, client: &mut Client, edge: &Edge) -> Result<(), StepError> {
    let transaction = job.begin(client).await?;
    transaction.batch_execute(LOOK_LIMIT).await.map_err(failed("bound the look at old rows"))?;
    let statement = validate_sql(edge);
    transaction.batch_execute(&statement).await.map_err(failed(statement))?;
    transaction.commit().await.map_err(failed("validate a foreign key"))
}

struct Present {
    definition: String,
    validated: bool,
}

/// The constraint of that name as it is now.
async fn present(client: &Client, edge: &Edge) -> Result<Option<Present>, StepError> {
    let select = "SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint \
        WHERE conrelid = to_regclass($1) AND conname = $2";
    let row = client.query_opt(select, &[&edge.child, &edge.name]).await.map_err(failed("look for the foreign key"))?;
    Ok(row.map(|row| Present { definition: row.get(0), validated: row.get(1) }))
}

async fn version(client: &Client) -> Result<u32, StepError> {
    let select = "SELECT current_setting('server_version_num')::int4";
    let row = client.query_one(select, &[]).await.map_err(failed("read the server's version"))?;
    Ok(row.get::<_, i32>(0).unsigned_abs())
}

fn is_violation(error: &StepError) -> bool {
    let StepError::Query { source, .. } = error else { return false };
    source.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION)
}

/// Syntax, missing objects, what the server doesn't support: trying again comes to the same.
fn is_final(error: &StepError) -> bool {
    let StepError::Query { source, .. } = error else { return false };
    source.code().is_some_and(|code| code.code().starts_with("42") || code.code().starts_with("0A"))
}
