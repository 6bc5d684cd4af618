//! `rehearse`: the switch up to the moment before the source would close, on the real tables.

use super::Ended;
use super::args::Sides;
use super::exit::Exit;
use super::failure::{Failure, Refusal};
use super::migrate::{drive_shown, same_tables, why, write_wish};
use super::progress::Output;
use super::settings::Chosen;
use rerp_split::journal::{self, Turn, Wish};
use rerp_split::phase::Phase;
use rerp_split::report;
use rerp_split::run::Stopped;
use rerp_split::status::Status;
use tokio_util::sync::CancellationToken;

/// Rehearses once, at ReadyForCutover. The migration goes no further, whatever had been wished for.
pub(super) async fn rehearse(sides: Sides, output: &Output, stop: &CancellationToken) -> Result<Ended, Failure> {
    let Chosen { settings, tables, .. } = sides.choose(false).await?;
    let migration = &settings.spec.migration;
    let source = settings.source.connect("status").await?;
    let Some(status) = journal::read_status(&source, migration).await? else {
        return Err(Refusal::NoMigration { migration: migration.clone(), others: String::new() }.into());
    };
    if status.phase != Phase::ReadyForCutover {
        let phase = status.phase;
        let message = format!(
            "migration {migration} is {phase}: a switch is rehearsed at ReadyForCutover (`run --advance-to ReadyForCutover`)"
        );
        return Err(Refusal::Other(message).into());
    }
    same_tables(migration, &status, &tables)?;
    let wished = journal::read_wish(&source, migration).await?;
    if let Some(wish) = wished.filter(|wish| wish.abort || wish.suspend) {
        let what = if wish.abort { "being taken back" } else { "suspended" };
        return Err(Refusal::Other(format!("migration {migration} is {what}: nothing is rehearsed")).into());
    }
    let number = status.rehearsal.map_or(0, |last| last.number) + 1;
    journal::ensure(&source).await?;
    journal::write_rehearsal(&source, migration, number).await?;
    let wish =
        Wish { advance_to: Phase::ReadyForCutover, abort: false, suspend: false, services_prepared: true, until: None };
    write_wish(&settings, &wish, Turn::default()).await?;
    let (stopped, status) = drive_shown(&settings, None, output, stop).await?;
    let exit = exit(stopped, number, &status);
    let message = match (exit, &status.rehearsal) {
        (Exit::Done, Some(rehearsal)) => format!("{}; nothing has been switched", report::rehearsal(rehearsal)),
        (Exit::Superseded, _) => format!("{}: see `status`", exit.meaning()),
        (_, Some(rehearsal)) if rehearsal.number == number => report::rehearsal(rehearsal),
        _ => format!("not rehearsed: {}", why(&status)),
    };
    Ok(Ended::new(exit, message))
}

fn exit(stopped: Stopped, number: i64, status: &Status) -> Exit {
    let done = status.rehearsal.as_ref().filter(|last| last.number == number);
    match (stopped, done) {
        (Stopped::Superseded, _) => Exit::Superseded,
        (_, Some(last)) if last.failed.is_none() => Exit::Done,
        (Stopped::Asked, None) => Exit::Stopped,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_split::status::Rehearsal;

    #[test]
    fn only_the_rehearsal_that_was_asked_for_counts() {
        let at = |number, failed: Option<&str>| {
            let failed = failed.map(str::to_owned);
            Status { rehearsal: Some(Rehearsal { number, failed, ..Rehearsal::default() }), ..Status::default() }
        };
        assert_eq!(exit(Stopped::Settled, 2, &at(2, None)), Exit::Done);
        assert_eq!(exit(Stopped::Settled, 2, &at(1, None)), Exit::Failed);
        assert_eq!(exit(Stopped::Settled, 2, &at(2, Some("locks"))), Exit::Failed);
        assert_eq!(exit(Stopped::Asked, 2, &at(1, None)), Exit::Stopped);
        assert_eq!(exit(Stopped::Superseded, 2, &at(2, None)), Exit::Superseded);
    }
}
