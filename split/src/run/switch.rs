//! The cutover phase: gives the fence what it needs and turns its answer into status and work done.

use super::{Board, keys};
use crate::failpoint::{self, Step};
use crate::fence::{self, CutoverReport, FenceError};
use crate::inspect::inspect;
use crate::journal::JournalError;
use crate::phase::Work;
use crate::plan::cutover_config;
use crate::sever::{self, Severing};
use crate::spec::Side;
use crate::status::Cutover;
use crate::step::{Job, StepError, chain};

/// Severs what foreign keys there are to tables that stay, then runs the fence. After a crash this finishes what the last worker began: the fence reads rows, not memory.
pub(super) async fn cutover(job: &Job, board: &Board) -> Result<Work, StepError> {
    let mut client = job.session(Side::Source, "inspect").await?;
    let inventory = inspect(&mut client, Side::Source, &job.spec).await?;
    failpoint::step(Step::CutoverInspected).await;
    let planned = board.status().schema_hash;
    let severing = sever::sever(job, &inventory.edges, planned.as_deref()).await?;
    keys::show(job, board).await?;
    if let Severing::Held(why) = severing {
        board.update(|status| status.message = format!("not switched: {why}"));
        return Ok(Work::Unfinished);
    }
    failpoint::step(Step::KeysSevered).await;
    let severed = sever::lines(&sever::read(&client, job.id()).await?);
    let config = cutover_config(&job.spec, &inventory, job.run, planned, &severed);
    match fence::cutover(&config, &job.source, &job.target).await {
        Ok(report) => {
            failpoint::step(Step::Switched).await;
            note(board, &report);
            Ok(Work::Done)
        }
        Err(FenceError::Superseded) => Err(StepError::Journal(JournalError::Superseded)),
        // The wish decides about these before the next turn; the source is open. Both tables of a severed key are still in one
        // database, so a comparison would only keep the wish waiting, and be counted for one after the switch.
        Err(error @ (FenceError::AbortWanted | FenceError::NotPrepared | FenceError::Budget { .. })) => {
            board.update(|status| status.message = format!("not switched: {}", chain(&error)));
            Ok(Work::Unfinished)
        }
        // What the target has refused five times it would refuse again, and writers would wait for it each time.
        Err(error @ (FenceError::BothOwn | FenceError::NotRegistered | FenceError::TakenBack { .. })) => {
            Err(StepError::Doomed(chain(&error)))
        }
        Err(error) => Err(StepError::Fence(error)),
    }
}

/// A recovered cutover has no times of its own; those of the worker that closed the source are kept if it got to
/// write them down.
fn note(board: &Board, report: &CutoverReport) {
    board.update(|status| {
        status.epoch = report.epoch;
        let known = status.cutover.as_ref().is_some_and(|cutover| cutover.epoch == report.epoch);
        if report.recovered && known {
            return;
        }
        status.cutover = Some(Cutover {
            write_pause_ms: report.write_pause_ms,
            lock_wait_ms: report.lock_wait_ms,
            drain_ms: report.drain_ms,
            sequence_ms: report.sequence_ms,
            attempts: report.attempts,
            epoch: report.epoch,
            at: report.at,
        });
    });
}
