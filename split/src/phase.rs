//! The state machine of a migration: which phase follows which, as a pure function.
//!
//! In: the phase that the journal holds and what was observed. Out: the phase to store next. It does no IO and knows
//! no clock. A phase is stored before its work begins, and its work survives being run twice.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How far a migration is. The order of the variants up to `Completed` is the order of the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Known, nothing looked at.
    #[default]
    Pending,
    /// Both sides are being checked; nothing has been changed.
    Preflight,
    /// Schema on the target, publication and replication role on the source.
    Prepare,
    /// Rows are being copied from the slot's snapshot.
    Copy,
    /// Indexes and constraints are built, the subscription replays what happened since the snapshot.
    CatchUp,
    /// Contents of both sides are being compared under load.
    Verify,
    /// Everything is done that needs no pause; waits for the go-ahead.
    ReadyForCutover,
    /// The fence: the source closes, the target opens.
    Cutover,
    /// The target owns the data; the service is watched.
    Observe,
    /// Side objects are being removed.
    Finalize,
    /// The target owns the data and nothing of the migration is left but the owner rows.
    Completed,
    /// The fence once more with the sides exchanged: the target closes, the source opens.
    RollingBack,
    /// The source owns the data again, the target follows it; waits to go forward again, or to be taken back.
    RolledBack,
    /// Everything the migration made is being removed; the source keeps its data.
    Aborting,
    /// Nothing of the migration is left.
    Aborted,
    /// Can't go on: what is left is to abort, and to begin again once the cause is mended.
    Failed,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 16] = [
        Self::Pending,
        Self::Preflight,
        Self::Prepare,
        Self::Copy,
        Self::CatchUp,
        Self::Verify,
        Self::ReadyForCutover,
        Self::Cutover,
        Self::Observe,
        Self::Finalize,
        Self::Completed,
        Self::RollingBack,
        Self::RolledBack,
        Self::Aborting,
        Self::Aborted,
        Self::Failed,
    ];

    /// The name as it appears in the journal and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Preflight => "Preflight",
            Self::Prepare => "Prepare",
            Self::Copy => "Copy",
            Self::CatchUp => "CatchUp",
            Self::Verify => "Verify",
            Self::ReadyForCutover => "ReadyForCutover",
            Self::Cutover => "Cutover",
            Self::Observe => "Observe",
            Self::Finalize => "Finalize",
            Self::Completed => "Completed",
            Self::RollingBack => "RollingBack",
            Self::RolledBack => "RolledBack",
            Self::Aborting => "Aborting",
            Self::Aborted => "Aborted",
            Self::Failed => "Failed",
        }
    }

    /// No work is left: a worker in this phase only idles.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Aborted)
    }

    /// Whoever lets a migration go as far as this lets it switch.
    pub fn is_switched(self) -> bool {
        self == Self::Cutover || self.is_after_cutover()
    }

    /// The fence is at work, one way or the other: it looks at the wish where it may, and is never left half done.
    #[must_use]
    pub fn is_turn(self) -> bool {
        matches!(self, Self::Cutover | Self::RollingBack)
    }

    /// The data may already belong to the target, so an abort is no longer possible.
    #[must_use]
    pub fn is_after_cutover(self) -> bool {
        matches!(self, Self::Observe | Self::Finalize | Self::Completed)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no phase.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no phase is called {0:?}")]
pub struct UnknownPhase(pub String);

impl FromStr for Phase {
    type Err = UnknownPhase;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == text).ok_or_else(|| UnknownPhase(text.to_owned()))
    }
}

/// What the work of the present phase came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Not finished: to be run again after a while (fatal findings stand, lag is too great, the fence retreated).
    Unfinished,
    /// Finished.
    Done,
    /// Can't be finished by trying again (contents differ, the schema has changed).
    Doomed,
}

/// Who owns the data, as read from the owner rows of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The source is open, or no owner row exists yet.
    Source,
    /// The source's closing commit is durable, the target has not been opened.
    Neither,
    /// The target is open.
    Target,
}

/// What `next` decides on: read anew before each decision, never remembered.
#[derive(Clone, Copy, Debug)]
pub struct Observation {
    /// What the work of the present phase came to.
    pub work: Work,
    /// How far the operator or the command line lets the migration go.
    pub advance_to: Phase,
    /// Every pod of the service holds connections to the next database.
    pub services_prepared: bool,
    /// The migration is to be taken back.
    pub abort: bool,
    /// Hold where we are, keep what there is.
    pub suspend: bool,
    /// Who owns the data.
    pub owner: Owner,
    /// The data is to go back, at this epoch, and can.
    pub rollback: bool,
    /// After a rollback it is to go forward again, at this epoch.
    pub forward: bool,
    /// It has gone back before.
    pub was_back: bool,
}

/// The phase that follows `phase`; the same phase means: stay and run its work (again).
///
/// An abort wins until the source's closing commit, and never after it: traffic isn't switched back behind a
/// service's back. Suspension holds every phase but those of the fence, which must never be left half done.
#[must_use]
pub fn next(phase: Phase, seen: &Observation) -> Phase {
    if matches!(phase, Phase::RollingBack | Phase::RolledBack) {
        return back(phase, seen);
    }
    if seen.owner != Owner::Source && !phase.is_after_cutover() {
        return after_decision(phase, seen);
    }
    match phase {
        Phase::Completed | Phase::Aborted => phase,
        Phase::Aborting if seen.work == Work::Done => Phase::Aborted,
        Phase::Aborting => Phase::Aborting,
        _ if seen.abort && !phase.is_after_cutover() => Phase::Aborting,
        Phase::Failed => Phase::Failed,
        _ if seen.work == Work::Doomed => Phase::Failed,
        _ if seen.suspend => phase,
        // The wish to go forward again has been taken back before it was done.
        Phase::Cutover if seen.was_back && !seen.forward => Phase::RolledBack,
        // Held before the switch again, perhaps for days: nothing stays as it was made for the moment of the switch.
        Phase::Cutover if !seen.advance_to.is_switched() => {
            if seen.was_back {
                Phase::RolledBack
            } else {
                Phase::ReadyForCutover
            }
        }
        Phase::ReadyForCutover => ready(seen),
        // Before the end: who asks for both at once wants the data back.
        Phase::Observe if seen.rollback && !seen.abort => Phase::RollingBack,
        _ if seen.work == Work::Unfinished => phase,
        // Served by the target and watched, until somebody lets it end; a deletion doesn't wait for that.
        Phase::Observe if seen.advance_to < Phase::Completed && !seen.abort => phase,
        _ => allowed(follower(phase), phase, seen.advance_to),
    }
}

/// The source has closed: only forward.
fn after_decision(phase: Phase, seen: &Observation) -> Phase {
    match (phase, seen.owner, seen.work) {
        (Phase::Cutover, Owner::Target, Work::Done) => Phase::Observe,
        _ => Phase::Cutover,
    }
}

/// The way back, and after it. Whoever deletes a migration that is about to go back leaves the data where it is.
fn back(phase: Phase, seen: &Observation) -> Phase {
    match (phase, seen.owner) {
        (_, Owner::Neither) => Phase::RollingBack,
        (Phase::RollingBack, Owner::Source) if seen.work == Work::Done => Phase::RolledBack,
        (Phase::RollingBack, Owner::Source) => Phase::RollingBack,
        (Phase::RollingBack, Owner::Target) if seen.rollback && !seen.abort => Phase::RollingBack,
        (_, Owner::Target) => Phase::Observe,
        (_, Owner::Source) if seen.abort => Phase::Aborting,
        (_, Owner::Source) if seen.forward && !seen.suspend && may_switch(seen) => Phase::Cutover,
        (_, Owner::Source) => Phase::RolledBack,
    }
}

fn ready(seen: &Observation) -> Phase {
    if seen.work == Work::Done && may_switch(seen) { Phase::Cutover } else { Phase::ReadyForCutover }
}

fn may_switch(seen: &Observation) -> bool {
    seen.advance_to.is_switched() && seen.services_prepared
}

fn follower(phase: Phase) -> Phase {
    match phase {
        Phase::Pending => Phase::Preflight,
        Phase::Preflight => Phase::Prepare,
        Phase::Prepare => Phase::Copy,
        Phase::Copy => Phase::CatchUp,
        Phase::CatchUp => Phase::Verify,
        Phase::Verify => Phase::ReadyForCutover,
        Phase::Cutover => Phase::Observe,
        Phase::Observe => Phase::Finalize,
        Phase::Finalize => Phase::Completed,
        other => other,
    }
}

/// `advance_to` stops the work at its phase; `Cutover` includes the switch and removing the stream that led to it.
fn allowed(wanted: Phase, present: Phase, advance_to: Phase) -> Phase {
    if wanted <= advance_to || present >= Phase::Cutover { wanted } else { present }
}

#[cfg(test)]
mod tests;
