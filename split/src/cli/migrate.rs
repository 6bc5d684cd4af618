//! `run`: goes on from wherever the journal says, and says how to go on from where it ends.

use super::Ended;
use super::args::Sides;
use super::commands::roles;
use super::exit::Exit;
use super::failure::{Failure, Refusal};
use super::progress::Output;
use super::settings::Chosen;
use rerp_split::journal::{self, Turn, Wish};
use rerp_split::phase::Phase;
use rerp_split::report;
use rerp_split::run::{Board, Settings, Stopped, drive};
use rerp_split::spec::{CleanupPolicy, Side};
use rerp_split::status::Status;
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

/// Migrates as far as `advance_to`.
pub(super) async fn run(
    sides: Sides,
    advance_to: Phase,
    approve: Option<String>,
    output: &Output,
    stop: &CancellationToken,
) -> Result<Ended, Failure> {
    let lenient = is_at_its_end(&sides).await?;
    let chosen = sides.choose(lenient).await?;
    roles(&chosen, output);
    begin(&chosen, approve.as_deref()).await?;
    let settings = chosen.settings;
    let wish = Wish { advance_to, abort: false, suspend: false, services_prepared: true, until: None };
    // Whoever says how far to go doesn't want to go back: what has been wished and not been decided is over.
    write_wish(&settings, &wish, Turn::default()).await?;
    let (stopped, status) = drive_shown(&settings, approve, output, stop).await?;
    let exit = exit(stopped, &status, advance_to);
    Ok(Ended::new(exit, how_to_go_on(exit, &status)))
}

/// Whether its tables may be called otherwise by now, or be gone: then they say nothing of its roles any more.
async fn is_at_its_end(sides: &Sides) -> Result<bool, Failure> {
    let migration = sides.reading()?.migration;
    let client = sides.endpoint(Side::Source, &migration)?.connect("status").await?;
    let status = journal::read_status(&client, &migration).await?;
    Ok(status.is_some_and(|status| status.cleanup.is_some()))
}

/// Refuses what would lead another migration than the one that is meant.
async fn begin(chosen: &Chosen, approved: Option<&str>) -> Result<(), Failure> {
    let settings = &chosen.settings;
    let migration = settings.spec.migration.clone();
    let client = settings.source.connect("status").await?;
    let Some(status) = journal::read_status(&client, &migration).await? else { return Ok(()) };
    match status.phase {
        Phase::Aborting | Phase::Aborted => return Err(Refusal::BeingAborted { migration }.into()),
        Phase::RolledBack => return Err(Refusal::RolledBack { migration, epoch: status.epoch }.into()),
        // Its tables have not been settled.
        Phase::Pending | Phase::Preflight => return Ok(()),
        _ => {}
    }
    if let (Some(approved), Some(plan)) = (approved, &status.plan_hash)
        && approved != plan
    {
        let (approved, plan) = (approved.to_owned(), plan.clone());
        return Err(Refusal::OtherPlan { migration, plan, approved }.into());
    }
    Ok(same_tables(&migration, &status, &chosen.tables)?)
}

/// Refuses where other tables are named than those that it was begun with.
pub(super) fn same_tables(migration: &str, status: &Status, named: &[String]) -> Result<(), Refusal> {
    let begun: BTreeSet<&str> = status.tables.iter().map(|table| table.name.as_str()).collect();
    // Once they are old ones they may be called otherwise, or be gone.
    if begun.is_empty() || begun == named.iter().map(String::as_str).collect() || status.cleanup.is_some() {
        return Ok(());
    }
    let begun = begun.into_iter().collect::<Vec<_>>().join(", ");
    Err(Refusal::OtherTables { migration: migration.to_owned(), begun })
}

/// Lets a worker go, shows what it does, and prints what it came to.
pub(super) async fn drive_shown(
    settings: &Settings,
    approve: Option<String>,
    output: &Output,
    stop: &CancellationToken,
) -> Result<(Stopped, Status), Failure> {
    let board = Board::new(&settings.spec.migration);
    if let Some(hash) = approve {
        board.approve(hash);
    }
    let follow = output.follow(&board);
    let stopped = drive(settings, &board, stop).await;
    follow.end().await;
    let status = board.status();
    output.result(&report::status(&status));
    Ok((stopped?, status))
}

/// Writes how far the migration may go, and whether the data is to change hands once more; installs the journal on the source for it.
pub(super) async fn write_wish(settings: &Settings, wish: &Wish, turn: Turn) -> Result<(), Failure> {
    let client = settings.source.connect("wish").await?;
    journal::ensure(&client).await?;
    journal::write_wish(&client, &settings.spec.migration, wish).await?;
    Ok(journal::write_turn(&client, &settings.spec.migration, turn).await?)
}

fn exit(stopped: Stopped, status: &Status, advance_to: Phase) -> Exit {
    match (stopped, status.phase) {
        (Stopped::Superseded, _) => Exit::Superseded,
        (_, Phase::Failed) if status.verification.as_ref().is_some_and(|seen| seen.mismatches > 0) => Exit::Mismatch,
        (_, Phase::Failed | Phase::Aborted) => Exit::Doomed,
        (_, Phase::RolledBack) => Exit::Refused,
        (Stopped::Asked, phase) if !phase.is_terminal() => Exit::Stopped,
        (_, Phase::Preflight) if status.is_refused() => Exit::Refused,
        (_, Phase::Finalize) if status.is_refused() => Exit::Refused,
        (_, Phase::RollingBack) => Exit::Failed,
        (_, phase) if phase >= advance_to.min(Phase::Observe) => Exit::Done,
        _ => Exit::Failed,
    }
}

fn how_to_go_on(exit: Exit, status: &Status) -> String {
    let phase = status.phase;
    match exit {
        Exit::Done if phase == Phase::Completed => format!("the target owns the data; {}", old_tables(status)),
        Exit::Done if phase >= Phase::Observe => {
            "the target owns the data; `rollback` gives it back while `status` says that it can, `run` with --advance-to \
             Completed removes what is left of the migration"
                .to_owned()
        }
        Exit::Done => {
            format!("{phase} is reached; `run` with a later --advance-to goes on, `abort` takes all of it back")
        }
        Exit::Refused if phase == Phase::RolledBack => {
            let epoch = status.epoch;
            format!("the source owns the data again: `rollback --undo --epoch {epoch}` takes it to the target again")
        }
        Exit::Refused => "refused: mend what is fatal among the findings, then run the same command again".to_owned(),
        Exit::Stopped => {
            format!("stopped in {phase}: run the same command again to go on, or `abort` to take all of it back")
        }
        Exit::Mismatch | Exit::Doomed => format!("{phase}: {}; {}", why(status), exit.meaning()),
        Exit::Superseded => format!("{}: see `status`", exit.meaning()),
        Exit::Failed | Exit::NotVerified => {
            format!("not done, in {phase}: {}; run the same command again", why(status))
        }
    }
}

/// Where the old tables are.
fn old_tables(status: &Status) -> &'static str {
    match status.cleanup.as_ref().map(|cleanup| cleanup.policy) {
        Some(CleanupPolicy::Drop) => "the old tables are gone",
        Some(CleanupPolicy::Rename) => {
            "the old tables are still on the source under other names, closed to the service"
        }
        _ => "the old tables are still on the source, closed to the service",
    }
}

pub(super) fn why(status: &Status) -> &str {
    status.failure.as_deref().unwrap_or(&status.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_split::status::Verification;

    fn at(phase: Phase) -> Status {
        Status { phase, ..Status::default() }
    }

    #[test]
    fn each_end_has_its_code() {
        let end = |stopped, status: &Status| exit(stopped, status, Phase::Completed);
        assert_eq!(end(Stopped::Settled, &at(Phase::Completed)), Exit::Done);
        assert_eq!(end(Stopped::Asked, &at(Phase::Completed)), Exit::Done);
        assert_eq!(end(Stopped::Asked, &at(Phase::Copy)), Exit::Stopped);
        assert_eq!(end(Stopped::Superseded, &at(Phase::Copy)), Exit::Superseded);
        assert_eq!(end(Stopped::Settled, &at(Phase::Cutover)), Exit::Failed);
        assert_eq!(end(Stopped::Settled, &at(Phase::Failed)), Exit::Doomed);
        assert_eq!(end(Stopped::Settled, &at(Phase::RollingBack)), Exit::Failed);
        assert_eq!(end(Stopped::Settled, &at(Phase::RolledBack)), Exit::Refused);
        let verification = Some(Verification { mismatches: 1, ..Verification::default() });
        assert_eq!(end(Stopped::Settled, &Status { verification, ..at(Phase::Failed) }), Exit::Mismatch);
        assert_eq!(exit(Stopped::Settled, &at(Phase::ReadyForCutover), Phase::ReadyForCutover), Exit::Done);
    }

    #[test]
    fn who_is_stopped_is_told_how_to_go_on() {
        let text = how_to_go_on(Exit::Stopped, &at(Phase::Copy));
        assert_eq!(text, "stopped in Copy: run the same command again to go on, or `abort` to take all of it back");
    }
}
