//! `rollback`: the data goes back to the source, or after that to the target again.

use super::Ended;
use super::args::Sides;
use super::exit::Exit;
use super::failure::{Failure, Refusal};
use super::migrate::{drive_shown, same_tables, why, write_wish};
use super::progress::Output;
use super::settings::Chosen;
use rerp_split::journal::{self, OwnerRow, Turn, Wish};
use rerp_split::phase::Phase;
use rerp_split::run::{ROLLBACK_REFUSED, Settings, Stopped};
use rerp_split::spec::{Direction, Side};
use rerp_split::status::Status;
use tokio_util::sync::CancellationToken;

/// Moves the data once more, if it is owned at `epoch` where it is to go away from. `undo`: from the source to the target.
pub(super) async fn rollback(
    sides: Sides,
    epoch: i64,
    undo: bool,
    output: &Output,
    stop: &CancellationToken,
) -> Result<Ended, Failure> {
    let Chosen { settings, tables, .. } = sides.choose(true).await?;
    let way = if undo { Direction::Forward } else { Direction::Back };
    let seen = look(&settings, &tables).await?;
    match judge(&settings.spec.migration, way, epoch, &seen)? {
        Judged::Done => return Ok(Ended::new(Exit::Done, format!("nothing to do: {}", done(way, seen.epoch)))),
        Judged::Wanted => {}
    }
    // Nothing of the way back may be removed meanwhile, whatever was wished before.
    let wish = Wish { advance_to: Phase::Observe, abort: false, suspend: false, services_prepared: true, until: None };
    let turn = match way {
        Direction::Back => Turn { rollback: Some(epoch), forward: None },
        Direction::Forward => Turn { rollback: None, forward: Some(epoch) },
    };
    write_wish(&settings, &wish, turn).await?;
    let (stopped, status) = drive_shown(&settings, None, output, stop).await?;
    let exit = exit(stopped, way, epoch, &status);
    Ok(Ended::new(exit, message(exit, way, &status)))
}

/// Who owns, and how far the migration is.
struct Seen {
    phase: Phase,
    source_owns: bool,
    target_owns: bool,
    /// At which epoch the owner owns, or the next one will.
    epoch: i64,
    /// The data has gone back before.
    was_back: bool,
}

async fn look(settings: &Settings, tables: &[String]) -> Result<Seen, Failure> {
    let migration = &settings.spec.migration;
    let source = settings.source.connect("status").await?;
    let Some(status) = journal::read_status(&source, migration).await? else {
        return Err(Refusal::NoMigration { migration: migration.clone(), others: String::new() }.into());
    };
    same_tables(migration, &status, tables)?;
    let target = settings.target.connect("status").await?;
    let row = async |client, side| -> Result<Option<OwnerRow>, Failure> {
        let row = journal::read_owner(client, &settings.spec.side(side).schema).await?;
        Ok(row.filter(|row| row.migration == *migration))
    };
    let rows = [row(&source, Side::Source).await?, row(&target, Side::Target).await?];
    let [source_owns, target_owns] = rows.each_ref().map(|row| row.as_ref().is_some_and(|row| row.is_owner));
    // A closed side may be armed for an epoch that never comes.
    let counts = |row: &&OwnerRow| row.is_owner || !(source_owns || target_owns);
    let epoch = rows.iter().flatten().filter(counts).map(|row| row.epoch).max().unwrap_or(0);
    Ok(Seen { phase: status.phase, source_owns, target_owns, epoch, was_back: status.rollback.is_some() })
}

/// What is to be done about a wish that can be meant.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    Wanted,
    Done,
}

/// The same command may be given twice: who finds done what he asked for is not refused.
fn judge(migration: &str, way: Direction, asked: i64, seen: &Seen) -> Result<Judged, Refusal> {
    let (migration, phase) = (migration.to_owned(), seen.phase);
    let (leaves, has, under_way) = match way {
        Direction::Back => (seen.target_owns, seen.source_owns, Phase::RollingBack),
        Direction::Forward => (seen.source_owns, seen.target_owns, Phase::Cutover),
    };
    match phase {
        Phase::Aborting | Phase::Aborted => Err(Refusal::BeingAborted { migration }),
        Phase::Finalize | Phase::Completed => Err(Refusal::NoWayBack { migration, phase }),
        _ if way == Direction::Forward && !seen.was_back => Err(Refusal::NotRolledBack { migration }),
        // Whoever began a switch ends it; the closed side is at the epoch that comes.
        _ if phase == under_way && !leaves && asked < seen.epoch => Ok(Judged::Wanted),
        _ if !leaves && !has => Err(Refusal::Decided { migration }),
        _ if has && seen.was_back && asked < seen.epoch => Ok(Judged::Done),
        _ if !leaves && way == Direction::Back => Err(Refusal::SourceOwns { migration }),
        _ if leaves && asked == seen.epoch => Ok(Judged::Wanted),
        _ => Err(Refusal::OtherEpoch { migration, present: seen.epoch, asked }),
    }
}

fn exit(stopped: Stopped, way: Direction, asked: i64, status: &Status) -> Exit {
    let there = match way {
        Direction::Back => status.phase == Phase::RolledBack,
        Direction::Forward => status.phase == Phase::Observe,
    };
    match stopped {
        Stopped::Superseded => Exit::Superseded,
        _ if there && status.epoch > asked => Exit::Done,
        Stopped::Asked => Exit::Stopped,
        Stopped::Settled => match status.phase {
            Phase::Failed => Exit::Doomed,
            // There was no time for it.
            Phase::RollingBack | Phase::Cutover => Exit::Failed,
            _ => Exit::Refused,
        },
    }
}

fn message(exit: Exit, way: Direction, status: &Status) -> String {
    let phase = status.phase;
    match exit {
        Exit::Done => done(way, status.epoch),
        Exit::Stopped => format!("stopped in {phase}: run the same command again to go on"),
        Exit::Superseded => format!("{}: see `status`", exit.meaning()),
        Exit::Refused => format!("refused, and the data is where it was: {}", obstacle(status)),
        _ => format!("not done, in {phase}: {}; {}", why(status), exit.meaning()),
    }
}

fn obstacle(status: &Status) -> &str {
    let refused = status.findings.iter().find(|finding| finding.id == ROLLBACK_REFUSED);
    match (&status.way_back, refused) {
        (_, Some(finding)) => &finding.message,
        (Some(way), None) if !way.possible => way.reason.as_deref().unwrap_or_default(),
        (Some(_), None) => why(status),
        (None, None) => "nothing was made that leads there",
    }
}

fn done(way: Direction, epoch: i64) -> String {
    match way {
        Direction::Back => format!(
            "the source owns the data again, at epoch {epoch}; `rollback --undo --epoch {epoch}` takes it to the target again, \
             `abort` takes the migration back"
        ),
        Direction::Forward => format!("the target owns the data again, at epoch {epoch}; `run` finishes the migration"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rerp_split::status::WayBack;

    #[test]
    fn a_wish_is_for_one_epoch_and_for_who_owns_at_it() {
        let seen = |phase, (source_owns, target_owns), epoch| Seen {
            phase,
            source_owns,
            target_owns,
            epoch,
            was_back: epoch > 1,
        };
        let back = |asked, seen: &Seen| judge("m", Direction::Back, asked, seen);
        let forward = |asked, seen: &Seen| judge("m", Direction::Forward, asked, seen);
        let (source, target, nobody) = ((true, false), (false, true), (false, false));
        let (there, here) = (seen(Phase::Observe, target, 1), seen(Phase::RolledBack, source, 2));
        assert_eq!(back(1, &there).unwrap(), Judged::Wanted);
        assert!(matches!(back(0, &there), Err(Refusal::OtherEpoch { present: 1, asked: 0, .. })));
        assert!(matches!(forward(1, &there), Err(Refusal::NotRolledBack { .. })));
        assert_eq!(back(1, &here).unwrap(), Judged::Done);
        assert!(matches!(back(2, &here), Err(Refusal::SourceOwns { .. })));
        assert_eq!(forward(2, &here).unwrap(), Judged::Wanted);
        assert!(matches!(forward(1, &here), Err(Refusal::OtherEpoch { .. })));
        assert_eq!(forward(2, &seen(Phase::Observe, target, 3)).unwrap(), Judged::Done);
        assert!(matches!(back(0, &seen(Phase::Copy, source, 0)), Err(Refusal::SourceOwns { .. })));
        assert!(matches!(back(1, &seen(Phase::Completed, target, 1)), Err(Refusal::NoWayBack { .. })));
        assert!(matches!(back(1, &seen(Phase::Aborted, source, 0)), Err(Refusal::BeingAborted { .. })));
        // Half done, and done but for what comes after.
        assert_eq!(back(1, &seen(Phase::RollingBack, nobody, 2)).unwrap(), Judged::Wanted);
        assert_eq!(back(1, &seen(Phase::RollingBack, source, 2)).unwrap(), Judged::Wanted);
        assert!(matches!(back(1, &seen(Phase::Cutover, nobody, 1)), Err(Refusal::Decided { .. })));
    }

    #[test]
    fn each_end_has_its_code() {
        let at = |phase, epoch| Status { phase, epoch, ..Status::default() };
        let end = |stopped, status: &Status| exit(stopped, Direction::Back, 1, status);
        assert_eq!(end(Stopped::Settled, &at(Phase::RolledBack, 2)), Exit::Done);
        assert_eq!(end(Stopped::Settled, &at(Phase::RollingBack, 1)), Exit::Failed);
        assert_eq!(end(Stopped::Asked, &at(Phase::RollingBack, 1)), Exit::Stopped);
        assert_eq!(end(Stopped::Superseded, &at(Phase::RolledBack, 2)), Exit::Superseded);
        assert_eq!(end(Stopped::Settled, &at(Phase::Failed, 2)), Exit::Doomed);
        let refused = Status { way_back: Some(WayBack::impossible("its slot is gone")), ..at(Phase::Observe, 1) };
        assert_eq!(end(Stopped::Settled, &refused), Exit::Refused);
        assert!(message(Exit::Refused, Direction::Back, &refused).ends_with("its slot is gone"));
        assert_eq!(end(Stopped::Settled, &at(Phase::Observe, 1)), Exit::Refused, "without a way back");
    }
}
