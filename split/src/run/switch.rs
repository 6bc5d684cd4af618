//! The cutover phase: gives the fence what it needs and turns its answer into status and work done.

use super::Board;
use crate::fence::{self, CutoverConfig, CutoverReport, FenceError, SchemaHash};
use crate::inspect::{Inventory, hash_query, inspect};
use crate::journal::JournalError;
use crate::names;
use crate::phase::Work;
use crate::spec::Side;
use crate::status::Cutover;
use crate::step::{Job, StepError, chain};
use std::time::Duration;

/// Runs the fence. After a crash this finishes what the last worker began: the fence reads rows, not memory.
pub(super) async fn cutover(job: &Job, board: &Board) -> Result<Work, StepError> {
    let mut client = job.session(Side::Source, "inspect").await?;
    let inventory = inspect(&mut client, Side::Source, &job.spec).await?;
    let config = config(job, board, &inventory);
    match fence::cutover(&config, &job.source, &job.target).await {
        Ok(report) => {
            note(board, &report);
            Ok(Work::Done)
        }
        Err(FenceError::Superseded) => Err(StepError::Journal(JournalError::Superseded)),
        // The wish decides about these before the next turn; the source is open.
        Err(error @ (FenceError::AbortWanted | FenceError::NotPrepared | FenceError::Budget { .. })) => {
            board.update(|status| status.message = format!("not switched: {}", chain(&error)));
            Ok(Work::Unfinished)
        }
        Err(error @ (FenceError::BothOwn | FenceError::NotRegistered)) => Err(StepError::Doomed(chain(&error))),
        Err(error) => Err(StepError::Fence(error)),
    }
}

fn config(job: &Job, board: &Board, inventory: &Inventory) -> CutoverConfig {
    let mut tables: Vec<_> = inventory.tables.iter().collect();
    tables.sort_by_key(|table| table.oid);
    let query = hash_query(&inventory.schema, job.spec.tables.as_deref());
    CutoverConfig {
        migration: job.id().to_owned(),
        run: job.run,
        source: job.spec.source.clone(),
        target: job.spec.target.clone(),
        tables: tables.into_iter().map(|table| table.name.clone()).collect(),
        sequences: inventory.sequences.iter().map(|sequence| sequence.name.clone()).collect(),
        publication: names::publication(job.id()),
        schema_hash: board.status().schema_hash.map(|expected| SchemaHash { query, expected }),
        max_write_pause: Duration::from_millis(job.spec.max_write_pause_ms),
        budget: Duration::from_secs(job.spec.cutover_budget_s),
        sequence_margin: CutoverConfig::SEQUENCE_MARGIN,
        token_limit: CutoverConfig::TOKEN_LIMIT,
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
