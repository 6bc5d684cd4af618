//! The phases of the fence, Cutover and RollingBack: they give it what it needs and turn its answer into status and work done.

use super::{Board, keys, observe};
use crate::back::{self, State};
use crate::clean;
use crate::failpoint::{self, Step};
use crate::fence::{self, CutoverConfig, CutoverReport, FenceError, SchemaHash, WayBack};
use crate::inspect::{Inventory, hash_query, inspect};
use crate::journal::JournalError;
use crate::phase::{Owner, Work};
use crate::plan::{cutover_config, finishing_config};
use crate::sever::{self, Severing};
use crate::spec::{DO_WITHOUT, Direction, Side};
use crate::sql;
use crate::status::{self, Cutover, Finding, Severity};
use crate::step::{Class, Job, StepError, chain};

/// The finding that a rollback was given up.
pub const REFUSED: &str = "rollback-refused";

/// Severs what foreign keys there are to tables that stay, then runs the fence to the target. After a crash this finishes
/// what the last worker began: the fence reads rows, not memory.
pub(super) async fn cutover(job: &Job, board: &Board) -> Result<Work, StepError> {
    let direction = Direction::Forward;
    if let Some(why) = unfounded(job, direction).await? {
        return Err(StepError::Doomed(format!("nothing leads to the target any more: {why}")));
    }
    let inventory = begin(job, direction).await?;
    // Made before keys are severed: it may have to wait, and they should be missed for as short a time as can be.
    let made = if job.spec.way_back { make(job, direction, &inventory).await } else { Ok(WayBack::None) };
    let way_back = match made {
        // Who asked for a way back gets no cutover without one.
        Err(error) if error.class() == Class::Transient => {
            let why = format!("not switched: no way back can be made yet ({}); {DO_WITHOUT}", chain(&error));
            board.update(|status| status.message = why);
            return Ok(Work::Unfinished);
        }
        other => other?,
    };
    let planned = board.status().schema_hash;
    let severing = sever::sever(job, &inventory.edges, planned.as_deref()).await?;
    keys::show(job, board).await?;
    if let Severing::Held(why) = severing {
        // It may be held for hours, and nobody advances a slot that nothing reads.
        clean::one_way(job, direction.opposite()).await?;
        board.update(|status| status.message = format!("not switched: {why}"));
        return Ok(Work::Unfinished);
    }
    failpoint::step(Step::KeysSevered).await;
    let source = job.session(Side::Source, "inspect").await?;
    let severed = sever::lines(&sever::read(&source, job.id()).await?);
    let config = cutover_config(&job.spec, &inventory, job.run, planned, &severed);
    let again = board.status().rollback.is_some();
    turn(job, board, CutoverConfig { way_back, again, ..config }).await
}

/// Takes away what was made for the moment of the switch, which has not come: foreign keys are there again, and no slot keeps WAL that
/// nothing reads. The phase is stored afterwards, so a worker that dies in the middle is followed by one that does it again.
pub(super) async fn withdraw(job: &Job, board: &Board) -> Result<(), StepError> {
    keys::restore(job, board).await?;
    // The captures of parents that move, on the target: they are set again, perhaps under other numbers.
    sever::release(job).await?;
    clean::one_way(job, Direction::Back).await
}

/// The same step with the sides exchanged. What would lead forward again is made too if it can be, but no rollback fails
/// for want of it.
pub(super) async fn roll_back(job: &Job, board: &Board) -> Result<Work, StepError> {
    let direction = Direction::Back;
    if let Some(why) = unfounded(job, direction).await? {
        tell_gone(board, why);
        return Ok(Work::Unfinished);
    }
    // Nobody can wait for a stream that fills the target's disk; while the target is open, whoever observes ends it.
    if let Some(why) = board.alarm(direction)
        && observe::owner(job).await?.0 == Owner::Target
    {
        tell_gone(board, &why);
        return Ok(Work::Unfinished);
    }
    let inventory = begin(job, direction).await?;
    let way_back = match make(job, direction, &inventory).await {
        Err(error) if error.class() == Class::Transient => {
            tracing::warn!(
                migration = job.id(),
                error = chain(&error),
                "after this rollback nothing leads forward again"
            );
            WayBack::None
        }
        other => other?,
    };
    let target = job.session(Side::Target, "inspect").await?;
    let schema_hash = Some(still_defined(job, &inventory, back::defined(job, &target).await?));
    let config = cutover_config(&job.spec, &inventory, job.run, None, &[]);
    turn(job, board, CutoverConfig { way_back, schema_hash, ..config }).await
}

/// No text at all once a definition has changed: what writes rows anew may leave the tables as they were.
fn still_defined(job: &Job, inventory: &Inventory, expected: Option<String>) -> SchemaHash {
    let hash = hash_query(&inventory.schema, job.spec.tables.as_deref(), &[]);
    let id = sql::literal(job.id());
    SchemaHash {
        query: format!(
            "SELECT CASE WHEN EXISTS (SELECT FROM rerp_split.definition WHERE migration = {id}) THEN ({hash}) END"
        ),
        expected: expected.unwrap_or_default(),
    }
}

/// Why there can be no turn, as long as the side that would close is open. Before one, the streams must have been exchanged
/// after the turn that came before: an earlier worker may have died in the middle of that.
async fn unfounded(job: &Job, direction: Direction) -> Result<Option<&'static str>, StepError> {
    match back::look(job, direction).await? {
        State::Begun => Ok(None),
        State::Made => finish(job, direction.opposite()).await.map(|()| None),
        State::Gone(why) => {
            let (owner, _) = observe::owner(job).await?;
            let open = owner == if direction == Direction::Forward { Owner::Source } else { Owner::Target };
            Ok(open.then_some(why))
        }
    }
}

/// Looks at the side that is to close.
pub(super) async fn begin(job: &Job, direction: Direction) -> Result<Inventory, StepError> {
    let side = direction.start();
    let mut client = job.session(side, "inspect").await?;
    let inventory = inspect(&mut client, side, &job.spec).await?;
    failpoint::step(Step::CutoverInspected).await;
    Ok(inventory)
}

async fn make(job: &Job, direction: Direction, inventory: &Inventory) -> Result<WayBack, StepError> {
    let tables: Vec<&str> = inventory.table_names().collect();
    back::make(job, direction, &tables).await
}

/// Tells that the data can't change hands once more. What is missing has been removed by somebody who knew why: the first reason stays.
pub(super) fn tell_gone(board: &Board, why: &str) {
    board.update(|status| match &status.way_back {
        Some(known) if !known.possible && known.reason.as_deref() != Some(super::back::NOT_BEGUN) => {}
        _ => status.way_back = Some(status::WayBack::impossible(why)),
    });
}

/// Goes to the end of a turn that has been decided: the old stream ends, the one that leads back begins.
pub(super) async fn finish(job: &Job, direction: Direction) -> Result<(), StepError> {
    let config = CutoverConfig { way_back: WayBack::Old, ..finishing_config(&job.spec, direction, job.run) };
    let (start, end) = (job.endpoint(direction.start()), job.endpoint(direction.end()));
    match fence::recover(&config, start, end).await {
        Ok(_) => Ok(()),
        Err(FenceError::Superseded) => Err(StepError::Journal(JournalError::Superseded)),
        Err(error) => Err(StepError::Fence(error)),
    }
}

async fn turn(job: &Job, board: &Board, config: CutoverConfig) -> Result<Work, StepError> {
    let direction = config.direction;
    let (start, end) = (job.endpoint(direction.start()), job.endpoint(direction.end()));
    match fence::cutover(&config, start, end).await {
        Ok(report) => {
            failpoint::step(Step::Switched).await;
            note(board, direction, &report);
            Ok(Work::Done)
        }
        Err(FenceError::Superseded) => Err(StepError::Journal(JournalError::Superseded)),
        // The wish decides about these before the next turn; the side that was to close is open. Both tables of a severed key are
        // still where they were, so a comparison would only keep the wish waiting, and be counted for one after the switch.
        Err(error @ (FenceError::AbortWanted | FenceError::NotPrepared | FenceError::Budget { .. })) => {
            board.update(|status| status.message = told(direction, &error));
            Ok(Work::Unfinished)
        }
        // What has been refused five times would be refused again, and writers would wait for it each time.
        Err(error @ (FenceError::BothOwn | FenceError::NotRegistered | FenceError::TakenBack { .. })) => {
            match direction {
                Direction::Forward => Err(StepError::Doomed(chain(&error))),
                Direction::Back => given_up(job, board, &error).await,
            }
        }
        Err(error) => Err(StepError::Fence(error)),
    }
}

/// Who wished for the rollback named the epoch before this try, so it isn't tried again; the target serves.
async fn given_up(job: &Job, board: &Board, error: &FenceError) -> Result<Work, StepError> {
    observe::two_owners(job, board, Side::Source).await?;
    let refused = refused(&job.spec.source.schema, told(Direction::Back, error));
    board.update(|status| {
        status.message.clone_from(&refused.message);
        status.findings.retain(|finding| finding.id != REFUSED);
        status.findings.push(refused);
    });
    Ok(Work::Unfinished)
}

fn refused(schema: &str, message: String) -> Finding {
    Finding {
        id: REFUSED.to_owned(),
        side: Side::Source,
        object: schema.to_owned(),
        message,
        fix: "mend the cause, then ask for the rollback again, at the epoch that the status gives now".to_owned(),
        severity: Severity::Warning,
    }
}

/// The fence speaks of the side that closes as of the source.
fn told(direction: Direction, error: &FenceError) -> String {
    let why = chain(error);
    match direction {
        Direction::Forward => format!("not switched: {why}"),
        Direction::Back => format!("not rolled back (source and target exchanged): {why}"),
    }
}

/// A recovered turn has no times of its own; those of the worker that closed the side are kept if it got to write them down.
fn note(board: &Board, direction: Direction, report: &CutoverReport) {
    board.update(|status| {
        status.epoch = report.epoch;
        // What led here is gone; what leads back is looked at next.
        status.way_back = None;
        status.findings.retain(|finding| finding.id != REFUSED);
        let figures = match direction {
            Direction::Forward => &mut status.cutover,
            Direction::Back => &mut status.rollback,
        };
        let known = figures.as_ref().is_some_and(|figures| figures.epoch == report.epoch);
        if report.recovered && known {
            return;
        }
        *figures = Some(Cutover {
            write_pause_ms: report.write_pause_ms,
            lock_wait_ms: report.lock_wait_ms,
            longest_wait_ms: Some(report.longest_wait_ms),
            drain_ms: report.drain_ms,
            sequence_ms: report.sequence_ms,
            attempts: report.attempts,
            epoch: report.epoch,
            at: report.at,
        });
    });
}
