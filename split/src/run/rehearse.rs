//! Rehearsals of the switch, each done once: the fence on the real tables up to the closing, and what it predicts.

use super::{Board, switch};
use crate::fence::{self, CutoverConfig, FenceError, RehearsalReport};
use crate::journal::{self, JournalError};
use crate::plan::cutover_config;
use crate::spec::{Direction, Side};
use crate::status::Rehearsal;
use crate::step::{Job, StepError, chain};
use jiff::Timestamp;
use std::time::Duration;

/// How long a rehearsal is tried: writers wait in each attempt, for nothing.
const BUDGET: Duration = Duration::from_secs(30);

/// Does the rehearsal that is wished for, unless it has been done.
pub(super) async fn rehearse(job: &Job, board: &Board) -> Result<(), StepError> {
    let source = job.session(Side::Source, "rehearsal").await?;
    let number = journal::read_rehearsal(&source, job.id()).await?;
    let done = board.status().rehearsal.map_or(0, |last| last.number);
    if number <= done {
        return Ok(());
    }
    board.update(|status| status.message = format!("rehearsing the switch, number {number}"));
    let inventory = switch::begin(job, Direction::Forward).await?;
    let config = cutover_config(&job.spec, &inventory, job.run, board.status().schema_hash, &[]);
    let config = CutoverConfig { budget: config.budget.min(BUDGET), ..config };
    let rehearsed = match fence::rehearse(&config, &job.source, &job.target).await {
        Err(FenceError::Superseded) => return Err(StepError::Journal(JournalError::Superseded)),
        // Who takes the migration back doesn't want to know any more.
        Err(FenceError::AbortWanted) => return Ok(()),
        Err(error) => Rehearsal { failed: Some(chain(&error)), ..of(number, None) },
        Ok(report) => of(number, Some(report)),
    };
    board.update(|status| status.rehearsal = Some(rehearsed));
    Ok(())
}

fn of(number: i64, report: Option<RehearsalReport>) -> Rehearsal {
    let value = |value: fn(&RehearsalReport) -> f64| report.as_ref().map(value);
    Rehearsal {
        number,
        at: Timestamp::now(),
        attempts: report.as_ref().map_or(0, |report| report.attempts),
        lock_wait_ms: value(|report| report.lock_wait_ms),
        drain_ms: value(|report| report.drain_ms),
        sequence_ms: value(|report| report.sequence_ms),
        held_ms: value(|report| report.held_ms),
        predicted_pause_ms: value(|report| report.predicted_pause_ms),
        failed: None,
    }
}
