//! Watches severed foreign keys from the moment they are dropped: turn after turn, whichever side owns what has moved.

use super::compare::{self, Ends, QUERY_LIMIT};
use super::rows::{self, Severed, State};
use crate::phase::Owner;
use crate::spec::Side;
use crate::step::{Job, StepError, chain, failed};
use std::time::Duration;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// How long one turn may go on with one key.
const TURN: Duration = Duration::from_secs(30);

/// Compares every severed key for one turn. True: each has been compared as a whole at least once, or can't be.
///
/// # Errors
/// A server can't be reached, a statement fails for another reason than that a table has changed, or a newer worker has begun.
pub async fn watch(job: &Job, owner: Owner) -> Result<bool, StepError> {
    let keys = rows::of_job(job).await?;
    if !keys.iter().any(|key| key.state == State::Severed) {
        return Ok(true);
    }
    turns(job, &keys, owner).await?;
    let keys = rows::of_job(job).await?;
    let done = |key: &Severed| key.state != State::Severed || key.compared_at.is_some() || key.note.is_some();
    Ok(keys.iter().all(done))
}

async fn turns(job: &Job, keys: &[Severed], owner: Owner) -> Result<(), StepError> {
    let mut journal = job.session(Side::Source, "compare").await?;
    let source = reader(job, Side::Source).await?;
    let moved = if owner == Owner::Target { Side::Target } else { Side::Source };
    let other = reader(job, moved).await?;
    let mut target = job.session(moved, "compare").await?;
    for key in keys.iter().filter(|key| key.state == State::Severed) {
        let (child, parent) = if key.edge.child_moves { (&other, &source) } else { (&source, &other) };
        let captured = (moved == Side::Target && !key.edge.child_moves).then_some(&mut target);
        let mut ends = Ends { child, parent, journal: &mut journal, captured };
        match compare::turn(job, &mut ends, key, TURN).await {
            Err(error) if is_final(&error) => {
                let text = format!("can't be compared: {}", chain(&error));
                rows::note(job, &mut journal, key.number, Some(&text)).await?;
            }
            done => done?,
        }
    }
    Ok(())
}

/// A session whose queries end by themselves.
async fn reader(job: &Job, side: Side) -> Result<Client, StepError> {
    let client = job.session(side, "compare").await?;
    client.batch_execute(QUERY_LIMIT).await.map_err(failed("bound the comparison"))?;
    Ok(client)
}

/// Compares one key as a whole while both tables are on `side`; returns how many rows have no parent, in words.
pub(super) async fn within_one(job: &Job, side: Side, key: &Severed) -> Result<String, StepError> {
    let mut journal = job.session(Side::Source, "compare").await?;
    let one = reader(job, side).await?;
    let mut ends = Ends { child: &one, parent: &one, journal: &mut journal, captured: None };
    let whole = Severed { due: true, after: None, pass_ms: 0.0, ..key.clone() };
    match compare::turn(job, &mut ends, &whole, Duration::MAX).await {
        Err(error) if is_final(&error) => return Ok(format!("some rows, not counted ({}),", chain(&error))),
        done => done?,
    }
    Ok(format!("{} rows", rows::known(&journal, job.id(), key).await?.rows))
}

/// A table or column is no longer there, or of another type: its owner may change a staying table as it likes. Or there is
/// so much without an index that it takes too long.
fn is_final(error: &StepError) -> bool {
    let StepError::Query { source, .. } = error else { return false };
    let finals = [
        SqlState::QUERY_CANCELED,
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_OBJECT,
        SqlState::INVALID_SCHEMA_NAME,
        SqlState::INVALID_TEXT_REPRESENTATION,
        SqlState::DATATYPE_MISMATCH,
    ];
    source.code().is_some_and(|code| finals.contains(code))
}
