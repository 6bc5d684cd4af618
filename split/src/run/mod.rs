//! Drives a migration: reads what is wished and what is there, runs the work of the phase, stores the next phase.
//!
//! In: a spec, two endpoints, the wish in the journal. Out: a migration that is where it may be. Whatever kills this
//! process, the next worker takes a newer run number and goes on from the journal; nothing is remembered here.

mod board;
mod observe;
mod switch;
mod work;

pub use board::Board;
pub use work::{Survey, survey};

use crate::connect::Endpoint;
use crate::journal::{self, JournalError, Wish};
use crate::phase::{self, Observation, Phase, Work};
use crate::spec::{Side, Spec};
use crate::step::{Class, Job, StepError, chain};
use crate::verify::{self, Comparison, Observer};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// How often the wish is read.
const WISH_POLL: Duration = Duration::from_millis(500);
/// Failures in a row after which the process gives up; whatever supervises it starts it again.
const FAILURE_LIMIT: u32 = 20;
/// Longest pause between two tries.
const BACKOFF_LIMIT: Duration = Duration::from_secs(15);

/// What a worker is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is wanted.
    pub spec: Spec,
    /// Where the data is.
    pub source: Endpoint,
    /// Where it goes.
    pub target: Endpoint,
    /// PostgreSQL's `pg_dump`.
    pub pg_dump: PathBuf,
    /// Return once nothing more may be done, rather than wait for another wish.
    pub until_settled: bool,
}

/// Why a worker stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The migration is where it may go, or at its end.
    Settled,
    /// Somebody asked this process to end.
    Asked,
    /// A newer worker has taken over.
    Superseded,
}

/// Runs until settled (if asked to), stopped or superseded.
///
/// # Errors
/// `FAILURE_LIMIT` failures in a row, the last of them.
pub async fn drive(settings: &Settings, board: &Arc<Board>, stop: &CancellationToken) -> Result<Stopped, StepError> {
    let Some(start) = wished(settings, stop).await? else { return Ok(Stopped::Asked) };
    let mut driver = Driver::take_over(settings, Arc::clone(board), stop.clone(), start).await?;
    let reporter = tokio::spawn(Arc::clone(board).report(settings.source.clone(), stop.clone()));
    let result = driver.go().await;
    let stored = match &result {
        Ok(Stopped::Superseded) => Ok(()),
        _ => board.store(&driver.job).await,
    };
    reporter.abort();
    match result {
        Err(error) if error.class() == Class::Superseded => Ok(Stopped::Superseded),
        Ok(stopped) => stored.map(|()| stopped),
        error => error,
    }
}

/// Waits for a wish, making nothing before there is one: after `forget` an idle worker must not begin anew.
async fn wished(settings: &Settings, stop: &CancellationToken) -> Result<Option<Wish>, StepError> {
    let mut failures = 0;
    loop {
        let wish = async {
            let client = settings.source.connect("wish").await?;
            Ok::<_, StepError>(journal::read_wish(&client, &settings.spec.migration).await?)
        };
        match wish.await {
            Ok(Some(wish)) => return Ok(Some(wish)),
            Ok(None) => failures = 0,
            Err(error) => {
                failures += 1;
                tracing::warn!(error = chain(&error), "cannot read the wish");
                if failures >= FAILURE_LIMIT {
                    return Err(error);
                }
            }
        }
        if settings.until_settled || pause(stop, WISH_POLL * failures.max(1)).await {
            return Ok(None);
        }
    }
}

/// Sleeps; true if the process is to end.
async fn pause(stop: &CancellationToken, time: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => true,
        () = tokio::time::sleep(time.min(BACKOFF_LIMIT)) => false,
    }
}

struct Driver {
    job: Job,
    board: Arc<Board>,
    stop: CancellationToken,
    wishes: watch::Receiver<Wish>,
    until_settled: bool,
    failures: u32,
}

impl Driver {
    /// Installs the journal on both sides, takes a new run number and reads how far the migration is.
    async fn take_over(
        settings: &Settings,
        board: Arc<Board>,
        stop: CancellationToken,
        wish: Wish,
    ) -> Result<Self, StepError> {
        let id = &settings.spec.migration;
        let source = settings.source.connect("claim").await?;
        if let Some(status) = journal::read_status(&source, id).await? {
            board.update(|present| *present = status);
        }
        let run = if board.phase().is_terminal() { 0 } else { claim(settings, &source).await? };
        board.set_run(run);
        let wishes = observe::follow_wish(settings.source.clone(), id.clone(), wish, stop.clone());
        let job = job(settings, run);
        tracing::info!(migration = %id, run, phase = %board.phase(), "worker has taken over");
        Ok(Self { job, board, stop, wishes, until_settled: settings.until_settled, failures: 0 })
    }

    async fn go(&mut self) -> Result<Stopped, StepError> {
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
        let forced = self.decide(phase, Work::Unfinished).await?;
        if forced != phase {
            return self.enter(phase, forced).await;
        }
        let suspended = self.wishes.borrow().suspend && !matches!(phase, Phase::Cutover | Phase::Aborting);
        if suspended {
            self.board.update(|status| "suspended".clone_into(&mut status.message));
            return Ok(Turn::Waiting);
        }
        if phase == Phase::Failed {
            return Ok(Turn::Settled);
        }
        let Some(work) = self.interruptible(phase).await? else { return Ok(Turn::Moved) };
        let next = self.decide(phase, work).await?;
        if next != phase {
            return self.enter(phase, next).await;
        }
        let settled = work == Work::Done || matches!(phase, Phase::Preflight | Phase::Cutover);
        Ok(if settled { Turn::Settled } else { Turn::Waiting })
    }

    /// The next phase by what is wished and who owns, both read anew.
    async fn decide(&mut self, phase: Phase, work: Work) -> Result<Phase, StepError> {
        let (owner, epoch) = observe::owner(&self.job).await?;
        self.board.update(|status| status.epoch = epoch);
        let wish = *self.wishes.borrow_and_update();
        let observation = Observation {
            work,
            advance_to: wish.advance_to,
            services_prepared: wish.services_prepared,
            abort: wish.abort,
            suspend: wish.suspend,
            owner,
        };
        Ok(phase::next(phase, &observation))
    }

    /// Stores the phase before its work begins. An abort cleans up after everything that came before it, so it takes
    /// a run number of its own.
    async fn enter(&mut self, phase: Phase, next: Phase) -> Result<Turn, StepError> {
        if next == Phase::Aborting {
            self.renew().await?;
        }
        tracing::info!(migration = self.job.id(), from = %phase, to = %next, "phase");
        self.board.update(|status| {
            status.phase = next;
            status.message = work::message(next).to_owned();
            if next != Phase::Failed {
                status.failure = None;
            }
        });
        self.board.store(&self.job).await?;
        Ok(Turn::Moved)
    }

    async fn renew(&mut self) -> Result<(), StepError> {
        let source = self.job.session(Side::Source, "claim").await?;
        let target = self.job.session(Side::Target, "claim").await?;
        let run = journal::run::claim(&source, &target, self.job.id()).await?;
        self.job.run = run;
        self.job.source = self.job.source.for_run(run);
        self.job.target = self.job.target.for_run(run);
        self.board.set_run(run);
        Ok(())
    }

    /// Runs the phase's work, unless the wish comes to forbid it first: then none. The cutover is never interrupted by
    /// a wish: the fence looks at it where it may.
    async fn interruptible(&mut self, phase: Phase) -> Result<Option<Work>, StepError> {
        let mut wishes = self.wishes.clone();
        let forbidden = async {
            let may_stop = phase < Phase::Cutover;
            if !may_stop || wishes.wait_for(|wish| wish.abort || wish.suspend).await.is_err() {
                std::future::pending::<()>().await;
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
            () = self.stop.cancelled() => Ok(None),
            () = self.board.superseded() => Err(StepError::Journal(JournalError::Superseded)),
        }
    }

    async fn after_failure(&mut self, phase: Phase, error: StepError) -> Result<(), StepError> {
        self.failures += 1;
        let text = chain(&error);
        tracing::warn!(migration = self.job.id(), %phase, failures = self.failures, error = text, "try again");
        self.board.update(|status| status.message = format!("{phase}, try {}: {text}", self.failures));
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

/// Takes the migration over for work outside of the phases.
///
/// # Errors
/// A server can't be reached, or other workers keep taking over.
pub async fn take(settings: &Settings) -> Result<Job, StepError> {
    let source = settings.source.connect("claim").await?;
    let run = claim(settings, &source).await?;
    Ok(job(settings, run))
}

/// Compares the contents of both sides through the live stream, from the beginning.
///
/// # Errors
/// As [`crate::verify::verify`].
pub async fn compare(job: &Job, observer: &dyn Observer) -> Result<Comparison, StepError> {
    verify::forget(job, &job.session(Side::Source, "journal").await?).await?;
    work::comparison(job, observer).await
}

fn job(settings: &Settings, run: i64) -> Job {
    Job {
        spec: settings.spec.clone(),
        source: settings.source.for_run(run),
        target: settings.target.for_run(run),
        run,
        pg_dump: settings.pg_dump.clone(),
    }
}

/// A run number newer than any other's, on both sides. The journal of the target is installed here: two workers are
/// told apart by it.
async fn claim(settings: &Settings, source: &Client) -> Result<i64, StepError> {
    let target = settings.target.connect("claim").await?;
    journal::ensure(source).await?;
    journal::ensure(&target).await?;
    Ok(journal::run::claim(source, &target, &settings.spec.migration).await?)
}
