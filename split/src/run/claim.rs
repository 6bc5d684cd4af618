//! Who is at work: a worker takes a run number that is newer than any other's, and goes on only with the plan that it may.
//!
//! In: both journals. Out: the number, which fences whatever an older worker still does.

use super::observe::Wished;
use super::{Board, Settings, job, made};
use crate::journal;
use crate::phase::Phase;
use crate::step::{Job, StepError};
use tokio_postgres::Client;

/// Takes the migration over for work outside of the phases.
///
/// # Errors
/// A server can't be reached, or other workers keep taking over.
pub async fn take(settings: &Settings) -> Result<Job, StepError> {
    let source = settings.source.connect("claim").await?;
    let run = claim(settings, &source).await?;
    Ok(job(settings, run))
}

/// A run number newer than any other's, on both sides. The journal of the target is installed here: two workers are
/// told apart by it.
async fn claim(settings: &Settings, source: &Client) -> Result<i64, StepError> {
    let target = settings.target.connect("claim").await?;
    journal::ensure(source).await?;
    journal::ensure(&target).await?;
    Ok(journal::run::claim(source, &target, &settings.spec.migration).await?)
}

/// Takes a new run number. It needs both sides, so whoever wants to abort is told here already what is left on one that is away.
pub(super) async fn claimed(
    settings: &Settings,
    source: &Client,
    board: &Board,
    start: Wished,
) -> Result<i64, StepError> {
    let run = claim(settings, source).await;
    if let Err(error) = &run {
        let (phase, text) = (board.phase(), made::told(board, &settings.spec.migration, error, start.wish.abort));
        tracing::warn!(migration = settings.spec.migration, %phase, error = text, "not taken over");
        board.update(|status| status.message = format!("{phase}, not taken over: {text}"));
    }
    run
}

/// Between the caller's look at the journal and the claim another worker may have begun, with another plan.
pub(super) fn as_approved(board: &Board, migration: &str) -> Result<(), StepError> {
    let status = board.status();
    let has_begun = !matches!(status.phase, Phase::Pending | Phase::Preflight);
    match (board.approved(), status.plan_hash) {
        (Some(approved), Some(plan)) if has_begun && approved != plan => Err(StepError::Doomed(format!(
            "migration {migration} has been begun with plan {plan}, which isn't the approved one: {approved}"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_been_begun_with_another_plan_is_not_gone_on_with() {
        let board = Board::new("m");
        board.update(|status| status.plan_hash = Some("sha256:a".into()));
        board.update(|status| status.phase = Phase::Prepare);
        assert!(as_approved(&board, "m").is_ok(), "nobody has said which");
        board.approve("sha256:b".into());
        assert!(matches!(as_approved(&board, "m"), Err(StepError::Doomed(_))));
        board.update(|status| status.phase = Phase::Preflight);
        assert!(as_approved(&board, "m").is_ok(), "preflight judges what begins");
    }
}
