//! Severed foreign keys on the board: compared, made again, shown.

use super::{Board, observe};
use crate::phase::Work;
use crate::sever::{self, Report};
use crate::step::{Job, StepError};

/// One turn of the comparison. Done once every key has been compared as a whole; orphans stop nothing.
pub(super) async fn watch(job: &Job, board: &Board) -> Result<Work, StepError> {
    let (owner, _) = observe::owner(job).await?;
    let compared = sever::watch(job, owner).await?;
    show(job, board).await?;
    Ok(if compared { Work::Done } else { Work::Unfinished })
}

/// Makes the keys again: the source keeps its data, and with it what holds it together.
pub(super) async fn restore(job: &Job, board: &Board) -> Result<(), StepError> {
    let restored = sever::restore(job).await;
    show(job, board).await?;
    restored
}

/// What the journal says goes onto the board.
pub(super) async fn show(job: &Job, board: &Board) -> Result<(), StepError> {
    let Report { keys, findings } = sever::report(job).await?;
    if keys.is_empty() {
        return Ok(());
    }
    board.update(|status| {
        status.foreign_keys = keys;
        status.findings.retain(|finding| !Report::owns(finding));
        status.findings.extend(findings);
    });
    Ok(())
}
