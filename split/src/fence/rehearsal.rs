//! A rehearsal: the fence on the real tables, up to the moment before the source would close, and then a retreat.
//!
//! In: what a cutover takes. Out: how long it waited for what. The protocol knows nothing of it: `step` hears, where the target is known
//! to have everything, what it hears when that answer comes too late, retreats as it always does, and nobody asks it to go on. That is a
//! lost answer and a worker that stands still afterwards, both of which the model explores.

use super::clock::{Clock, ms};
use super::config::CutoverConfig;
use super::drive::Drive;
use super::error::FenceError;
use super::step::Outcome;
use super::stmt::{Event, Stmt};
use crate::connect::Endpoint;
use std::time::Duration;

/// What a rehearsal came to. All durations are milliseconds on this process's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct RehearsalReport {
    /// Attempts that asked for the locks, the successful one included.
    pub attempts: u32,
    /// Until all locks were granted, behind transactions that still commit.
    pub lock_wait_ms: f64,
    /// Until the target had replayed everything and that was durable.
    pub drain_ms: f64,
    /// Sequences.
    pub sequence_ms: f64,
    /// From the grant of the locks until they were about to be let go: so long writers waited.
    pub held_ms: f64,
    /// The same, and a durable transaction on either side for closing and opening, as long as the last ones before took.
    pub predicted_pause_ms: f64,
}

/// How far a rehearsal is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Rehearsal {
    /// It is none.
    #[default]
    No,
    /// What a durable transaction on the source took, once there was one.
    Wanted(Duration),
    /// The target has had everything; the source is to be let go.
    Drained(RehearsalReport),
}

impl Rehearsal {
    /// What the protocol is told instead of `event`, the answer to `stmt` after `took`.
    pub(super) fn tell(&mut self, stmt: &Stmt, event: Event, took: Duration, clock: &Clock) -> Event {
        let Self::Wanted(closing) = self else { return event };
        match (stmt, event) {
            // Nobody has to be prepared for what doesn't come.
            (Stmt::ReadWish { .. }, Event::Wish { abort, .. }) => Event::Wish { abort, prepared: true },
            (Stmt::F1Journal(_), Event::Done) => {
                *closing = took;
                Event::Done
            }
            (Stmt::F7Flush { .. }, Event::Yes) => {
                *self = Self::Drained(report(clock, *closing, took));
                Event::PauseSpent
            }
            (_, event) => event,
        }
    }

    /// Nothing is left to do: the source has been let go, or its session is gone, which is the same to it.
    pub(super) fn is_over(&self, stmt: &Stmt) -> bool {
        matches!(self, Self::Drained(_)) && *stmt == Stmt::Retreat
    }

    /// What it came to.
    pub(super) fn finish(
        self,
        outcome: Option<Outcome>,
        attempts: u32,
        cause: Option<super::error::Cause>,
    ) -> Result<RehearsalReport, FenceError> {
        match self {
            Self::Drained(report) => Ok(report),
            _ => Err(FenceError::of(outcome.unwrap_or(Outcome::BudgetSpent), attempts, cause)),
        }
    }
}

/// Opening is one durable transaction on the target, as the flush is; closing one on the source, as the journal of the attempt is.
fn report(clock: &Clock, closing: Duration, flush: Duration) -> RehearsalReport {
    let held = clock.blocked().saturating_sub(clock.lock);
    RehearsalReport {
        attempts: clock.attempts,
        lock_wait_ms: ms(clock.lock),
        drain_ms: ms(clock.drain),
        sequence_ms: ms(clock.sequence),
        held_ms: ms(held),
        predicted_pause_ms: ms(held + closing + flush),
    }
}

/// Rehearses the switch: locks, token, drain and sequences on the real tables, then everything is let go. Writers wait meanwhile, never
/// longer than `max_write_pause`; the source stays the owner at its epoch.
///
/// # Errors
/// No attempt came so far; the variant says why.
pub async fn rehearse(
    cfg: &CutoverConfig,
    source: &Endpoint,
    target: &Endpoint,
) -> Result<RehearsalReport, FenceError> {
    let mut drive = Drive::new(cfg, source, target, false);
    drive.rehearsal = Rehearsal::Wanted(Duration::ZERO);
    while drive.turn().await {}
    let Drive { rehearsal, worker, clock, cause, .. } = drive;
    rehearsal.finish(worker.outcome, clock.attempts, cause)
}

#[cfg(test)]
mod tests {
    use super::super::step::{Worker, step};
    use super::*;

    fn wanted() -> Rehearsal {
        Rehearsal::Wanted(Duration::from_millis(2))
    }

    #[test]
    fn the_protocol_retreats_where_it_would_close() {
        let mut rehearsal = wanted();
        let flush = Stmt::F7Flush { epoch: 1, tokens: vec![] };
        let event = rehearsal.tell(&flush, Event::Yes, Duration::from_millis(3), &Clock::start());
        let (worker, next) = step(&Worker { at: flush, ..Worker::new(0, false) }, event);
        assert_eq!((next, worker.outcome), (Some(Stmt::Retreat), None));
        assert!(rehearsal.is_over(&Stmt::Retreat) && !rehearsal.is_over(&Stmt::Rest));
        let report = rehearsal.finish(None, 0, None).unwrap();
        assert_eq!((report.held_ms, report.predicted_pause_ms), (0.0, 5.0));
    }

    #[test]
    fn all_else_is_told_as_it_is_and_a_cutover_hears_everything() {
        let (clock, short) = (Clock::start(), Duration::ZERO);
        let flush = Stmt::F7Flush { epoch: 1, tokens: vec![] };
        assert_eq!(Rehearsal::No.tell(&flush, Event::Yes, short, &clock), Event::Yes);
        for event in [Event::No, Event::Lost, Event::Superseded, Event::PauseSpent] {
            assert_eq!(wanted().tell(&flush, event.clone(), short, &clock), event);
        }
        let wish = Stmt::ReadWish { epoch: 0 };
        let prepared = |abort| Event::Wish { abort, prepared: true };
        let asked = |abort| wanted().tell(&wish, Event::Wish { abort, prepared: false }, short, &clock);
        assert_eq!((asked(false), asked(true)), (prepared(false), prepared(true)));
        assert!(!wanted().is_over(&Stmt::Retreat), "one that came too early is tried again");
        assert!(matches!(wanted().finish(None, 3, None), Err(FenceError::Budget { attempts: 3, .. })));
    }
}
