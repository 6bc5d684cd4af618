//! Watches severed foreign keys from the moment they are dropped: turn after turn, whichever side owns what has moved.

use super::compare::{self, Ends};
use super::rows::{self, Severed, State};
use crate::phase::Owner;
use crate::spec::Side;
use crate::step::{Job, StepError};
use std::time::Duration;
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
    let source = job.session(Side::Source, "compare").await?;
    let moved = if owner == Owner::Target { Side::Target } else { Side::Source };
    let other = job.session(moved, "compare").await?;
    let mut target = job.session(moved, "compare").await?;
    for key in keys.iter().filter(|key| key.state == State::Severed) {
        let (child, parent) = if key.edge.child_moves { (&other, &source) } else { (&source, &other) };
        let captured = (moved == Side::Target && !key.edge.child_moves).then_some(&mut target);
        let mut ends = Ends { child, parent, journal: &mut journal, captured };
        match compare::turn(job, &mut ends, key, TURN).await {
            Err(error) if has_changed(&error) => {
                let text = format!("can't be compared: {}", crate::step::chain(&error));
                rows::note(job, &mut journal, key.number, Some(&text)).await?;
            }
            done => done?,
        }
    }
    Ok(())
}

/// Compares one key as a whole while both tables are on `side`; returns the rows that have no parent.
pub(super) async fn within_one(job: &Job, side: Side, key: &Severed) -> Result<u64, StepError> {
    let mut journal = job.session(Side::Source, "compare").await?;
    let one = job.session(side, "compare").await?;
    let mut ends = Ends { child: &one, parent: &one, journal: &mut journal, captured: None };
    let whole = Severed { due: true, after: None, pass_ms: 0.0, ..key.clone() };
    compare::turn(job, &mut ends, &whole, Duration::MAX).await?;
    Ok(rows::known(&journal, job.id(), key).await?.rows)
}

/// A table or column is no longer there, or of another type: its owner may change a staying table as it likes.
fn has_changed(error: &StepError) -> bool {
    let StepError::Query { source, .. } = error else { return false };
    let changed = [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_OBJECT,
        SqlState::INVALID_SCHEMA_NAME,
        SqlState::INVALID_TEXT_REPRESENTATION,
        SqlState::DATATYPE_MISMATCH,
    ];
    source.code().is_some_and(|code| changed.contains(code))
}
