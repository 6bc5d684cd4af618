//! What to do next with a migration. Pure: everything it looks at was gathered before.
//! In: the migration, what was seen, the time. Out: one `Decision` that `act` carries out as a whole.

mod deletion;
mod order;
mod times;
mod told;

pub use order::is_held;

use super::check::{self, Checked};
use super::gather::Observed;
use super::journal::Journal;
use crate::outcome::Outcome;
use jiff::Timestamp;
use order::Order;
use rerp_crds::split::{AdvanceTo, AtEpoch};
use rerp_crds::{DatabaseSplitMigration, Reason, SplitPhase};
use rerp_split::journal::{Turn, Wish};
use rerp_split::phase::Phase;
use rerp_split::run::BOTH_OWN;
use rerp_split::spec::Side;
use rerp_split::status::Severity;
use std::time::Duration;
use times::{Slot, observed, slot};
use told::{closed, missing, once, predicted, unprepared, watched};

/// How often a live migration is looked at: the journal has no watch.
const LIVE: Duration = Duration::from_secs(1);
/// How often one is looked at that waits for a person.
const HELD: Duration = Duration::from_secs(5);
/// Safety visit of a finished one.
const FINISHED: Duration = Duration::from_secs(600);
/// A worker that has been silent for so long is reported.
const SILENT: Duration = Duration::from_secs(60);

/// Everything one pass does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the object must outlive its deletion until both databases are clean.
    pub hold: bool,
    /// What becomes of the worker.
    pub worker: WorkerAct,
    /// Close the worker's way to the servers, and theirs to each other. Not before the status says that the migration has ended:
    /// until then both servers let in whoever it needs. A deleted migration needs no closing: its children go with it.
    pub close: bool,
    /// Remove the journal's rows of this migration from both databases.
    pub forget: bool,
    /// What status says.
    pub outcome: Outcome,
}

/// What becomes of the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerAct {
    /// It has to run, with this wish.
    Run(Box<Worker>),
    /// Whatever there is stays: something is in doubt, and a worker under way must not be stopped for it.
    Leave,
    /// The same, and it must not do what can't be undone before the doubt is gone: it is told to rest.
    Suspend,
    /// It is no longer needed.
    Remove,
}

/// The worker that has to run, and what it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its work.
    pub checked: Checked,
    /// How far to go.
    pub wish: Wish,
    /// Whether the data is to change hands once more.
    pub turn: Turn,
    /// The number of the rehearsal that is asked for; 0 if none is.
    pub rehearsal: i64,
}

/// Decides one pass.
#[must_use]
pub fn decide(migration: &DatabaseSplitMigration, seen: &Observed, now: Timestamp) -> Decision {
    if migration.metadata.deletion_timestamp.is_some() {
        return deletion::deletion(migration, seen);
    }
    let reached = migration.status.as_ref().and_then(|status| status.phase);
    if matches!(reached, Some(SplitPhase::Completed)) {
        let outcome = completed(migration);
        return Decision { hold: true, worker: WorkerAct::Remove, close: true, forget: false, outcome };
    }
    let checked = match order::no_circle(migration, seen).and_then(|()| check::check(migration, seen)) {
        Ok(checked) => checked,
        // Whether it is held was settled when it began: a finalizer stays until deletion.
        Err(outcome) => {
            return Decision {
                hold: seen.held,
                worker: doubtful(migration, seen),
                close: false,
                forget: false,
                outcome,
            };
        }
    };
    let order = order::order(migration, seen);
    let wish = wish(migration, &checked, seen, now, &order);
    let outcome = match order {
        Order::Wrong(refusal) => refusal,
        Order::Right | Order::Unknown => outcome(migration, &checked, &wish, seen, now),
    };
    let worker = match outcome {
        Outcome::Done { .. } => WorkerAct::Remove,
        _ => {
            let (turn, rehearsal) = (turn(migration), rehearsal(migration));
            WorkerAct::Run(Box::new(Worker { checked, wish, turn, rehearsal }))
        }
    };
    Decision { hold: true, worker, close: false, forget: false, outcome }
}

/// What becomes of a worker whose spec isn't one any more. One that is about to rename or drop the old tables does that by the spec it
/// has read, and whoever suspends means it whatever else is wrong.
fn doubtful(migration: &DatabaseSplitMigration, seen: &Observed) -> WorkerAct {
    let Some(phase) = seen.journal.as_ref().map(|journal| journal.status.phase) else { return WorkerAct::Leave };
    let rests = phase == Phase::Finalize || migration.spec.suspend == Some(true);
    if rests && !phase.is_terminal() { WorkerAct::Suspend } else { WorkerAct::Leave }
}

/// What the worker is told. Raising goes at once; `advanceTo` after the cutover waits for the time of observation, and nothing is
/// changed before the order is known to be right.
fn wish(migration: &DatabaseSplitMigration, checked: &Checked, seen: &Observed, now: Timestamp, order: &Order) -> Wish {
    let wanted = match checked.advance_to {
        AdvanceTo::Preflight => Phase::Preflight,
        AdvanceTo::ReadyForCutover => Phase::ReadyForCutover,
        AdvanceTo::Cutover => Phase::Cutover,
        AdvanceTo::Completed if observed(checked, seen, now) => Phase::Completed,
        AdvanceTo::Completed => Phase::Cutover,
    };
    // What hasn't been there can't go back: the epochs are those of an earlier migration, and would count again.
    let wanted = if early(migration, seen) { wanted.min(Phase::ReadyForCutover) } else { wanted };
    let (wanted, until) = match slot(checked, seen, now) {
        Slot::Any => (wanted, None),
        // The worker minds it too: it may be open for longer than an operator lives.
        Slot::Open(until) => (wanted, Some(until)),
        Slot::Shut(_) => (wanted.min(Phase::ReadyForCutover), None),
    };
    let wanted = if *order == Order::Right { wanted } else { wanted.min(Phase::Preflight) };
    Wish {
        advance_to: wanted,
        abort: false,
        suspend: migration.spec.suspend.unwrap_or_default(),
        services_prepared: seen.unprepared.as_ref().is_some_and(Vec::is_empty),
        until,
    }
}

/// A rollback, or a way forward after it, is asked for before the data has ever changed hands.
fn early(migration: &DatabaseSplitMigration, seen: &Observed) -> bool {
    let asked = migration.spec.rollback.is_some() || migration.spec.forward.is_some();
    let begun = seen.journal.as_ref().is_some_and(|journal| journal.status.epoch > 0);
    asked && !begun
}

/// What is asked for once. Whether it is for this epoch the worker sees, which knows it better.
fn turn(migration: &DatabaseSplitMigration) -> Turn {
    let at = |wanted: Option<AtEpoch>| wanted.map(|wanted| wanted.epoch);
    Turn { rollback: at(migration.spec.rollback), forward: at(migration.spec.forward) }
}

fn rehearsal(migration: &DatabaseSplitMigration) -> i64 {
    migration.spec.cutover.as_ref().and_then(|cutover| cutover.rehearsal).unwrap_or_default()
}

fn outcome(
    migration: &DatabaseSplitMigration,
    checked: &Checked,
    wish: &Wish,
    seen: &Observed,
    now: Timestamp,
) -> Outcome {
    let Some(journal) = &seen.journal else {
        return Outcome::waiting(Reason::WorkerUnavailable, "the worker to start", LIVE);
    };
    if journal.status.phase == Phase::Completed {
        return completed(migration);
    }
    if let Some(refusal) = refused(journal) {
        return refusal;
    }
    if let Some(beat) = journal.heartbeat.filter(|beat| now.duration_since(*beat).unsigned_abs() > SILENT) {
        return Outcome::waiting(Reason::WorkerUnavailable, format!("the worker, silent since {beat:.0}"), LIVE);
    }
    if wish.suspend {
        return Outcome::Suspended;
    }
    if matches!(journal.status.phase, Phase::ReadyForCutover | Phase::Cutover)
        && let Slot::Shut(window) = slot(checked, seen, now)
        && !early(migration, seen)
    {
        let ready = predicted(&journal.status, rehearsal(migration));
        let missing = missing(wish, seen, &journal.status);
        let told = format!("ready for the cutover{ready}; {}{missing}", window.next(now));
        return Outcome::waiting(Reason::AwaitingWindow, told, HELD);
    }
    progress(migration, checked, wish, seen, journal)
}

/// What only a person can resolve.
fn refused(journal: &Journal) -> Option<Outcome> {
    let status = &journal.status;
    if let Some(both) = status.findings.iter().find(|finding| finding.id == BOTH_OWN) {
        return Some(Outcome::refused(Reason::Failed, format!("{}. Fix: {}", both.message, both.fix)));
    }
    if status.phase == Phase::Preflight
        && let Some(first) = status.findings.iter().find(|finding| finding.severity == Severity::Fatal)
    {
        let fatal = status.findings.iter().filter(|finding| finding.severity == Severity::Fatal).count();
        let message = format!(
            "{fatal} finding(s) stop the migration; the first, {} on the {}: {} Fix: {}",
            first.id, first.side, first.message, first.fix
        );
        return Some(Outcome::refused(Reason::PreflightFailed, message));
    }
    if status.phase == Phase::Finalize
        && let Some(first) = status.findings.iter().find(|finding| finding.severity == Severity::Fatal)
    {
        let message = format!("{}: {}. Fix: {}", first.object, first.message, first.fix);
        return Some(Outcome::refused(Reason::CleanupBlocked, message));
    }
    if status.phase != Phase::Failed {
        return None;
    }
    let differs = status.verification.as_ref().is_some_and(|verification| verification.mismatches > 0);
    let reason = if differs { Reason::VerificationMismatch } else { Reason::Failed };
    let why = status.failure.as_deref().unwrap_or("the worker gave up");
    Some(Outcome::refused(reason, format!("{why}; delete the migration to take everything back")))
}

fn progress(
    migration: &DatabaseSplitMigration,
    checked: &Checked,
    wish: &Wish,
    seen: &Observed,
    journal: &Journal,
) -> Outcome {
    let (status, turn) = (&journal.status, turn(migration));
    let busy = || Outcome::waiting(Reason::Progressing, format!("{}: {}", status.phase, status.message), LIVE);
    match status.phase {
        Phase::ReadyForCutover if early(migration, seen) => Outcome::refused(
            Reason::RollbackImpossible,
            "spec.rollback and spec.forward name epochs, and the data has not changed hands yet; take them out to go on",
        ),
        Phase::ReadyForCutover if wish.advance_to < Phase::Cutover => Outcome::waiting(
            Reason::AwaitingApproval,
            format!(
                "ready for the cutover{}; raise spec.advanceTo to Cutover or Completed to go on",
                predicted(status, rehearsal(migration))
            ),
            HELD,
        ),
        Phase::ReadyForCutover if closed(status).is_some() => {
            Outcome::waiting(Reason::StillUsed, closed(status).unwrap_or_default(), LIVE)
        }
        Phase::ReadyForCutover if !wish.services_prepared => unprepared(Side::Target, seen),
        Phase::RollingBack if !wish.services_prepared => unprepared(Side::Source, seen),
        Phase::Observe if turn.rollback == Some(status.epoch) && !checked.spec.way_back => Outcome::refused(
            Reason::RollbackImpossible,
            "nothing was made to go back by, since spec.observe.duration is 0s; take spec.rollback back",
        ),
        Phase::Observe if turn.rollback == Some(status.epoch) => {
            once(wish, seen, status, Side::Source).unwrap_or_else(busy)
        }
        Phase::Observe if wish.advance_to < Phase::Completed => watched(status),
        Phase::RolledBack if turn.forward == Some(status.epoch) && wish.advance_to.is_switched() => {
            once(wish, seen, status, Side::Target).unwrap_or_else(busy)
        }
        Phase::RolledBack => Outcome::waiting(
            Reason::RolledBack,
            format!(
                "the source serves again, at epoch {}; set spec.forward.epoch to it to go to the target again, or delete the migration",
                status.epoch
            ),
            HELD,
        ),
        Phase::Finalize if status.cleanup.is_some() => {
            Outcome::waiting(Reason::AwaitingQuiet, status.message.as_str(), HELD)
        }
        _ => busy(),
    }
}

fn completed(migration: &DatabaseSplitMigration) -> Outcome {
    let spec = &migration.spec;
    let message =
        format!("RerpService {} is served by ServiceDatabase {}", spec.service_ref.name, spec.target.database_ref.name);
    Outcome::Done { message, again: FINISHED }
}

#[cfg(test)]
mod tests;
