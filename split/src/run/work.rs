//! The work of each phase. Each is idempotent: it may have been done, or half done, by a worker that was killed.

use super::survey::survey;
use super::{Board, back, finalize, keys, observe, rehearse, switch};
use crate::clean;
use crate::copy;
use crate::evidence;
use crate::failpoint::{self, Step};
use crate::inspect::{Inventory, inspect};
use crate::journal;
use crate::phase::{Phase, Work};
use crate::plan::Plan;
use crate::preflight;
use crate::schema::{self, Section};
use crate::spec::{Direction, Side};
use crate::status::{Replication, TableState, TableStatus, WayBack};
use crate::step::{Job, StepError, chain};
use crate::stream::{self, Lag, TokenLine};
use crate::verify;
use std::time::Duration;

/// A token slower than this: not caught up.
const CAUGHT_UP: Duration = Duration::from_secs(1);
/// How long to wait for one token before the lag is looked at again.
const TOKEN_LIMIT: Duration = Duration::from_secs(30);

/// One sentence about a phase that has just begun.
pub(super) fn message(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "known, nothing looked at",
        Phase::Preflight => "checking both sides",
        Phase::Prepare => "making schema and publication",
        Phase::Copy => "copying rows",
        Phase::CatchUp => "building indexes, replaying changes",
        Phase::Verify => "comparing contents",
        Phase::ReadyForCutover => "ready: waits for the go-ahead and for the services",
        Phase::Cutover => "switching",
        Phase::Observe => "the target owns the data",
        Phase::Finalize => "removing side objects",
        Phase::Completed => "the target owns the data, nothing is left to do",
        Phase::RollingBack => "switching back",
        Phase::RolledBack => "the source owns the data again",
        Phase::Aborting => "removing everything the migration made",
        Phase::Aborted => "nothing of the migration is left",
        Phase::Failed => "can't go on by itself",
    }
}

/// How long to wait before the same work is looked at again.
pub(super) fn rest(phase: Phase) -> Duration {
    match phase {
        Phase::CatchUp => Duration::from_secs(1),
        Phase::ReadyForCutover => Duration::from_secs(5),
        Phase::Observe | Phase::RolledBack => Duration::from_secs(30),
        Phase::Finalize => Duration::from_secs(5),
        _ => Duration::from_secs(10),
    }
}

/// Does the work of `phase`.
pub(super) async fn perform(job: &Job, board: &Board, phase: Phase) -> Result<Work, StepError> {
    match phase {
        Phase::Preflight => check(job, board).await,
        Phase::Prepare => prepare(job, board).await,
        Phase::Copy => copy_rows(job, board).await,
        Phase::CatchUp => catch_up(job, board).await,
        Phase::Verify => compare(job, board).await,
        Phase::ReadyForCutover => ready(job, board).await,
        Phase::Observe if observe::two_owners(job, board, Side::Source).await? => Ok(Work::Unfinished),
        Phase::RolledBack if observe::two_owners(job, board, Side::Target).await? => Ok(Work::Unfinished),
        Phase::Observe => {
            if job.spec.way_back {
                back::keep(job, board, Direction::Back).await?;
            } else {
                clean::side_objects(job).await?;
                board.update(|status| status.way_back = None);
            }
            keys::watch(job, board).await
        }
        Phase::RollingBack => switch::roll_back(job, board).await,
        Phase::RolledBack => {
            back::keep(job, board, Direction::Forward).await?;
            keys::watch(job, board).await
        }
        Phase::Finalize => finalize::finish(job, board).await,
        Phase::Aborting => {
            keys::restore(job, board).await?;
            clean::abort(job).await.map(|()| Work::Done)
        }
        Phase::Cutover => switch::cutover(job, board).await,
        Phase::Failed => release(job, board).await,
        Phase::Pending | Phase::Completed | Phase::Aborted => Ok(Work::Done),
    }
}

/// What can't go on by itself keeps no WAL: a person may take days.
async fn release(job: &Job, board: &Board) -> Result<Work, StepError> {
    clean::release(job).await?;
    board.update(|status| {
        status.replication = None;
        if let Some(way) = status.way_back.as_mut().filter(|way| way.possible) {
            *way = WayBack::impossible("the migration has failed");
        }
    });
    Ok(Work::Done)
}

async fn check(job: &Job, board: &Board) -> Result<Work, StepError> {
    let mut survey = survey(job).await?;
    let hash = survey.plan.as_ref().map(Plan::hash);
    let changed = preflight::approved(hash.as_deref(), board.approved());
    let fatal = hash.is_none() || changed.is_some();
    survey.findings.extend(changed);
    let tables = survey.source.tables.iter().map(|table| TableStatus {
        name: table.name.clone(),
        total: table.rows,
        total_bytes: table.bytes,
        ..TableStatus::default()
    });
    board.update(|status| {
        status.tables = tables.collect();
        status.plan_hash = hash;
        status.schema_hash = Some(survey.source.hash.clone());
        status.message = if fatal { "refused by preflight: see the findings" } else { "preflight passed" }.to_owned();
        status.links = Some(survey.source.links);
        status.findings = survey.findings;
    });
    Ok(if fatal { Work::Unfinished } else { Work::Done })
}

/// The source as it is now; doomed if it is no longer what the plan was made for.
async fn planned(job: &Job, board: &Board) -> Result<Inventory, StepError> {
    let mut client = job.session(Side::Source, "inspect").await?;
    let inventory = inspect(&mut client, Side::Source, &job.spec).await?;
    if board.status().schema_hash.as_ref() == Some(&inventory.hash) {
        Ok(inventory)
    } else {
        Err(StepError::Doomed("the definition of the moving tables has changed since the plan was made".into()))
    }
}

async fn prepare(job: &Job, board: &Board) -> Result<Work, StepError> {
    let mut source = job.session(Side::Source, "prepare").await?;
    let mut target = job.session(Side::Target, "prepare").await?;
    journal::run::end_older_sessions(&source, job.id(), job.run).await?;
    journal::run::end_older_sessions(&target, job.id(), job.run).await?;
    failpoint::step(Step::OlderSessionsEnded).await;
    schema::freeze(job, &mut source).await?;
    failpoint::step(Step::Frozen).await;
    // From here on the definitions stand still.
    let inventory = planned(job, board).await?;
    failpoint::step(Step::PlanConfirmed).await;
    journal::register(&source, &target, job.run, &job.spec).await?;
    failpoint::step(Step::Registered).await;
    let tables: Vec<&str> = inventory.table_names().collect();
    stream::publish(job, Direction::Forward, &mut source, &tables).await?;
    failpoint::step(Step::Published).await;
    let pre_data = schema::dump(job, &inventory, Section::PreData).await?;
    failpoint::step(Step::PreDataDumped).await;
    schema::create(job, &mut target, &pre_data).await?;
    evidence::begin(job, board).await?;
    Ok(Work::Done)
}

async fn copy_rows(job: &Job, board: &Board) -> Result<Work, StepError> {
    let inventory = planned(job, board).await?;
    let source = job.session(Side::Source, "journal").await?;
    verify::forget(job, &source).await?;
    failpoint::step(Step::ComparisonForgotten).await;
    board.begin_copy();
    copy::copy(job, &inventory, board).await?;
    Ok(Work::Done)
}

async fn catch_up(job: &Job, board: &Board) -> Result<Work, StepError> {
    let mut target = job.session(Side::Target, "build").await?;
    if !schema::is_complete(job, &target).await? {
        let inventory = planned(job, board).await?;
        let post_data = schema::dump(job, &inventory, Section::PostData).await?;
        failpoint::step(Step::PostDataDumped).await;
        schema::complete(job, &mut target, &post_data).await?;
    }
    stream::enable(job, &mut target).await?;
    failpoint::step(Step::SubscriptionEnabled).await;
    board.update(|status| status.tables.iter_mut().for_each(|table| table.state = TableState::Streaming));
    follow(job, board).await
}

/// Follows, and looks who else uses the tables: whether the switch waits for these is the driver's to mind.
async fn ready(job: &Job, board: &Board) -> Result<Work, StepError> {
    let followed = follow(job, board).await?;
    evidence::look(job, board).await?;
    // What waits for the stream would only wait in the pause.
    if followed == Work::Done {
        rehearse::rehearse(job, board).await?;
    }
    board.update(|status| {
        let closed = status.evidence.as_ref().and_then(|seen| seen.closed.clone());
        if followed == Work::Done {
            let part = status.compared_in_part().map_or_else(String::new, |part| format!("; {part}"));
            status.message = closed.unwrap_or_else(|| message(Phase::ReadyForCutover).to_owned()) + &part;
        }
    });
    Ok(followed)
}

/// Puts the slot's state on the board.
fn report(board: &Board, lag: &Lag, token_ms: Option<f64>) -> Result<(), StepError> {
    if lag.slot.lost {
        return Err(StepError::Doomed(format!("the source has thrown away WAL that slot {} needs", lag.slot.name)));
    }
    board.update(|status| status.replication = Some(replication(lag, token_ms, status.replication.take())));
    Ok(())
}

/// What is known of a stream; room for WAL and rates are what somebody else has seen.
pub(super) fn replication(lag: &Lag, token_ms: Option<f64>, known: Option<Replication>) -> Replication {
    let known = known.filter(|known| known.slot == lag.slot.name).unwrap_or_default();
    Replication {
        lag_bytes: lag.slot.lag_bytes,
        retained_wal_bytes: lag.slot.wal.retained,
        slot: lag.slot.name.clone(),
        token_ms,
        ..known
    }
}

/// Looks at the stream; done if a token was quick.
async fn follow(job: &Job, board: &Board) -> Result<Work, StepError> {
    let line = TokenLine::open(job, Direction::Forward).await?;
    let Some(lag) = line.lag(job).await? else {
        return Err(StepError::Doomed("the replication slot is gone from the source".into()));
    };
    failpoint::step(Step::SlotLookedAt).await;
    let token = line.send(job, TOKEN_LIMIT).await;
    let token_ms = token.as_ref().ok().map(|time| time.as_secs_f64() * 1000.0);
    let caught_up = token.as_ref().is_ok_and(|time| *time < CAUGHT_UP);
    board.update(|status| {
        if let Err(error) = &token {
            status.message = format!("{}; {} errors of the apply worker so far", chain(error), lag.apply_errors);
        } else if status.phase == Phase::CatchUp {
            message(status.phase).clone_into(&mut status.message);
        }
    });
    report(board, &lag, token_ms)?;
    match token {
        Err(StepError::Deadline { .. }) | Ok(_) => Ok(if caught_up { Work::Done } else { Work::Unfinished }),
        Err(error) => Err(error),
    }
}

async fn compare(job: &Job, board: &Board) -> Result<Work, StepError> {
    planned(job, board).await?;
    failpoint::step(Step::ComparisonBegun).await;
    let comparison = comparison(job, board).await?;
    failpoint::step(Step::Compared).await;
    verify::Observer::compared(board, &comparison);
    if comparison.mismatches.is_empty() {
        return Ok(Work::Done);
    }
    let shown: Vec<&str> = comparison.mismatches.iter().take(10).map(String::as_str).collect();
    Err(StepError::Doomed(format!("{} rows differ: {}", comparison.mismatches.len(), shown.join("; "))))
}

/// Compares both sides as they are now.
async fn comparison(job: &Job, observer: &dyn verify::Observer) -> Result<verify::Comparison, StepError> {
    let mut source = job.session(Side::Source, "inspect").await?;
    let mut target = job.session(Side::Target, "inspect").await?;
    let source = inspect(&mut source, Side::Source, &job.spec).await?;
    let target = inspect(&mut target, Side::Target, &job.spec).await?;
    verify::verify(job, &source, &target, observer).await
}
