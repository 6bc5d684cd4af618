//! One worker at one migration: turn by turn from the journal's phase to the next.
//!
//! In: a claimed run. Out: phases stored, work done or interrupted. What follows what is `phase::next`'s to say.

use super::alarm::{Alarm, alarmed, ends_at_rest, full};
use super::claim::{as_approved, claimed};
use super::observe::{self, Wished};
use super::{BACKOFF_LIMIT, Board, FAILURE_LIMIT, Settings, Stopped, back, job, made, switch, work};
use crate::failpoint::{self, Moment, Step};
use crate::journal::{self, JournalError};
use crate::phase::{self, Observation, Phase, Work};
use crate::spec::Side;
use crate::status::Status;
use crate::step::{Class, Job, StepError, chain};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long a process that was asked to end lets the fence go on.
const CUTOVER_GRACE: Duration = Duration::from_secs(5);

/// One worker at one migration.
pub(super) struct Driver {
    pub(super) job: Job,
    board: Arc<Board>,
    stop: CancellationToken,
    wishes: watch::Receiver<Wished>,
    alarms: watch::Receiver<Option<Alarm>>,
    until_settled: bool,
    failures: u32,
    /// The streams of a migration that has failed are gone.
    released: bool,
}

impl Driver {
    /// Installs the journal on both sides, takes a new run number and reads how far the migration is.
    pub(super) async fn take_over(
        settings: &Settings,
        board: &Arc<Board>,
        stop: &CancellationToken,
        start: Wished,
    ) -> Result<Self, StepError> {
        let id = &settings.spec.migration;
        let source = settings.source.connect("claim").await?;
        let known = journal::read_status(&source, id).await?.unwrap_or_default();
        board.update(|present| present.clone_from(&known));
        let run = if known.phase.is_terminal() { 0 } else { claimed(settings, &source, board, start).await? };
        // Until the claim an older worker may have gone on.
        if let Some(status) = journal::read_status(&source, id).await? {
            board.update(|present| *present = status);
        }
        as_approved(board, id)?;
        board.set_run(run);
        let wishes = observe::follow_wish(settings.source.clone(), id.clone(), start, stop.clone());
        let job = job(settings, run);
        tracing::info!(migration = %id, run, phase = %board.phase(), "worker has taken over");
        if run > 0 {
            made::look(board, id, [&job.source, &job.target]).await;
        }
        let (board, stop, alarms) = (Arc::clone(board), stop.clone(), board.alarms());
        let until_settled = settings.until_settled;
        Ok(Self { job, board, stop, wishes, alarms, until_settled, failures: 0, released: false })
    }

    /// Turn after turn, until there is a reason to stop.
    pub(super) async fn go(&mut self) -> Result<Stopped, StepError> {
        loop {
            if self.stop.is_cancelled() {
                return Ok(Stopped::Asked);
            }
            let phase = self.board.phase();
            if phase.is_terminal() {
                return self.idle().await;
            }
            match self.turn(phase).await {
                Ok(Turn::Moved) => self.failures = 0,
                Ok(Turn::Settled) if self.until_settled => return Ok(Stopped::Settled),
                Ok(Turn::Settled | Turn::Waiting) => {
                    self.failures = 0;
                    self.rest(work::rest(phase)).await;
                }
                Err(error) if error.class() == Class::Superseded => return Ok(Stopped::Superseded),
                Err(error) => self.after_failure(phase, error).await?,
            }
        }
    }

    /// Observes, works, decides, stores.
    async fn turn(&mut self, phase: Phase) -> Result<Turn, StepError> {
        let full = full(&self.board, phase);
        let forced = self.decide(phase, if full.is_some() { Work::Doomed } else { Work::Unfinished }).await?;
        if forced != phase {
            if forced == Phase::Failed {
                self.board.update(|status| status.failure = full);
            }
            return self.enter(phase, forced).await;
        }
        if phase == Phase::Failed {
            return self.release().await;
        }
        let suspended = self.wishes.borrow().wish.suspend && !phase.is_turn() && phase != Phase::Aborting;
        if suspended {
            // A disk that fills doesn't wait either.
            if let Some(way) = ends_at_rest(&self.board, phase) {
                back::keep(&self.job, &self.board, way).await?;
            }
            if phase == Phase::Copy {
                self.board.end_copy();
            }
            self.board.update(|status| "suspended".clone_into(&mut status.message));
            return Ok(Turn::Waiting);
        }
        failpoint::phase(phase, Moment::Before).await;
        let Some(work) = self.interruptible(phase).await? else { return Ok(Turn::Moved) };
        failpoint::phase(phase, Moment::After).await;
        let next = self.decide(phase, work).await?;
        if next != phase {
            return self.enter(phase, next).await;
        }
        let held = self.is_held(phase) && self.wishes.borrow().wish.advance_to.is_switched();
        let refused = phase == Phase::Finalize && self.board.status().is_refused();
        let settled = (work == Work::Done && !held) || phase == Phase::Preflight || phase.is_turn() || refused;
        Ok(if settled { Turn::Settled } else { Turn::Waiting })
    }

    /// Nothing goes on by itself, and nothing is kept for it.
    async fn release(&mut self) -> Result<Turn, StepError> {
        if !self.released {
            work::perform(&self.job, &self.board, Phase::Failed).await?;
            self.released = true;
        }
        Ok(Turn::Settled)
    }

    /// The next phase by what is wished and who owns, both read anew.
    async fn decide(&mut self, phase: Phase, work: Work) -> Result<Phase, StepError> {
        let (owner, epoch) = observe::owner(&self.job).await?;
        self.board.update(|status| status.epoch = epoch);
        let Wished { wish, turn } = *self.wishes.borrow_and_update();
        let (_, possible) = self.epoch();
        let observation = Observation {
            work,
            advance_to: wish.advance_to,
            services_prepared: wish.services_prepared && !self.is_held(phase),
            abort: wish.abort,
            suspend: wish.suspend,
            owner,
            rollback: possible && turn.rollback == Some(epoch),
            forward: possible && turn.forward == Some(epoch),
            was_back: self.board.status().rollback.is_some(),
        };
        Ok(phase::next(phase, &observation))
    }

    /// Others use the tables, and the switch waits until they have stopped.
    fn is_held(&self, phase: Phase) -> bool {
        phase == Phase::ReadyForCutover && self.board.status().evidence.is_some_and(|seen| seen.closed.is_some())
    }

    /// The epoch as last seen, and whether the data can change hands once more.
    fn epoch(&self) -> (i64, bool) {
        let status = self.board.status();
        (status.epoch, status.way_back.is_some_and(|way| way.possible))
    }

    /// Stores the phase before its work begins. An abort cleans up after everything that came before it, one more turn makes streams
    /// anew, and who is held before the switch ends them: each takes a run number of its own, so that no statement of what came before
    /// can come late.
    async fn enter(&mut self, phase: Phase, next: Phase) -> Result<Turn, StepError> {
        if next == Phase::Aborting {
            self.renew().await?;
            failpoint::step(Step::AbortClaimed).await;
        } else if next == Phase::RollingBack || (phase, next) == (Phase::RolledBack, Phase::Cutover) {
            self.renew().await?;
            failpoint::step(Step::TurnClaimed).await;
        } else if (phase, next) == (Phase::Cutover, Phase::ReadyForCutover) {
            self.renew().await?;
            switch::withdraw(&self.job, &self.board).await?;
        }
        tracing::info!(migration = self.job.id(), from = %phase, to = %next, "phase");
        made::look(&self.board, self.job.id(), [&self.job.source, &self.job.target]).await;
        if phase == Phase::Copy {
            self.board.end_copy();
        }
        let change = |status: &mut Status| {
            status.phase = next;
            status.message = work::message(next).to_owned();
            if next != Phase::Failed {
                status.failure = None;
            }
        };
        self.board.enter(&self.job, change).await?;
        Ok(Turn::Moved)
    }

    async fn renew(&mut self) -> Result<(), StepError> {
        let source = self.job.session(Side::Source, "claim").await?;
        let target = self.job.session(Side::Target, "claim").await?;
        // Nobody reports meanwhile: under the number that was, the report would take us for a newer worker.
        self.board.set_run(0);
        let renewed = journal::run::renew(&source, &target, self.job.id(), self.job.run).await;
        self.board.set_run(*renewed.as_ref().unwrap_or(&self.job.run));
        let run = renewed?;
        self.job.run = run;
        self.job.source = self.job.source.for_run(run);
        self.job.target = self.job.target.for_run(run);
        Ok(())
    }

    /// Runs the phase's work, unless the wish comes to forbid it first: then none. The fence is never interrupted by a wish:
    /// it looks at it where it may.
    async fn interruptible(&mut self, phase: Phase) -> Result<Option<Work>, StepError> {
        let mut wishes = self.wishes.clone();
        let (epoch, possible) = self.epoch();
        let unwanted = |wished: &Wished| match phase {
            // Comparing what is left behind may take long, and whoever wants the data back doesn't want to wait.
            Phase::Observe => possible && !wished.wish.abort && wished.turn.rollback == Some(epoch),
            phase => phase < Phase::Cutover && (wished.wish.abort || wished.wish.suspend),
        };
        let forbidden = async {
            if wishes.wait_for(unwanted).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let full = alarmed(self.board.alarms(), phase);
        let asked = async {
            self.stop.cancelled().await;
            // Cutting an attempt off is safe, but its writers would have waited for nothing.
            if phase.is_turn() {
                tokio::time::sleep(CUTOVER_GRACE).await;
            }
        };
        tokio::select! {
            work = work::perform(&self.job, &self.board, phase) => match work {
                Err(error) if error.class() == Class::Doomed => {
                    self.board.update(|status| status.failure = Some(chain(&error)));
                    Ok(Some(Work::Doomed))
                }
                other => other.map(Some),
            },
            () = forbidden => Ok(None),
            () = full => Ok(None),
            () = asked => Ok(None),
            () = self.board.superseded() => Err(StepError::Journal(JournalError::Superseded)),
        }
    }

    async fn after_failure(&mut self, phase: Phase, error: StepError) -> Result<(), StepError> {
        self.failures += 1;
        let text = made::told(&self.board, self.job.id(), &error, self.wishes.borrow().wish.abort);
        tracing::warn!(migration = self.job.id(), %phase, failures = self.failures, error = text, "try again");
        self.board.update(|status| status.message = format!("{phase}, try {}: {text}", self.failures));
        back::let_go(&self.job, &self.board, phase).await;
        if self.failures >= FAILURE_LIMIT {
            return Err(error);
        }
        self.rest(Duration::from_millis(500) * self.failures).await;
        Ok(())
    }

    /// Waits, but no longer than until the wish changes.
    async fn rest(&mut self, time: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            _ = self.wishes.changed() => {}
            _ = self.alarms.changed() => {}
            () = tokio::time::sleep(time.min(BACKOFF_LIMIT)) => {}
        }
    }

    async fn idle(&mut self) -> Result<Stopped, StepError> {
        if !self.until_settled {
            self.stop.cancelled().await;
            return Ok(Stopped::Asked);
        }
        Ok(Stopped::Settled)
    }
}

/// What one turn came to.
enum Turn {
    /// Another phase.
    Moved,
    /// Work is left that only time can help with.
    Waiting,
    /// Nothing to do until somebody wishes otherwise.
    Settled,
}
