//! Drives a migration: reads what is wished and what is there, runs the work of the phase, stores the next phase.
//!
//! In: a spec, two endpoints, the wish in the journal. Out: a migration that is where it may be. Whatever kills this
//! process, the next worker takes a newer run number and goes on from the journal; nothing is remembered here.

mod alarm;
mod back;
mod board;
mod claim;
mod driver;
mod finalize;
mod keys;
mod made;
mod observe;
mod rehearse;
mod survey;
mod switch;
mod wal;
mod work;

pub use board::Board;
pub use claim::take;
pub use observe::BOTH_OWN;
pub use survey::{Survey, look, survey};
pub use switch::REFUSED as ROLLBACK_REFUSED;
pub use wal::COPY_UNBOUNDED;

use crate::connect::Endpoint;
use crate::spec::Spec;
use crate::step::{Class, Job, StepError, chain};
use driver::Driver;
use observe::Wished;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
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
    let mut driver = retried(stop, async || Driver::take_over(settings, board, stop, start).await).await?;
    let reporter = tokio::spawn(Arc::clone(board).report(settings.source.clone(), stop.clone()));
    let sides = [settings.source.clone(), settings.target.clone()];
    let maker = tokio::spawn(made::follow(Arc::clone(board), settings.spec.migration.clone(), sides, stop.clone()));
    let watcher = tokio::spawn(wal::watch(settings.clone(), Arc::clone(board), stop.clone()));
    let result = driver.go().await;
    let stored = match &result {
        Ok(Stopped::Superseded) => Ok(()),
        _ => board.store(&driver.job).await,
    };
    watcher.abort();
    reporter.abort();
    maker.abort();
    match result {
        Err(error) if error.class() == Class::Superseded => Ok(Stopped::Superseded),
        Ok(stopped) => stored.map(|()| stopped),
        error => error,
    }
}

/// Waits for a wish, making nothing before there is one: after `forget` an idle worker must not begin anew.
async fn wished(settings: &Settings, stop: &CancellationToken) -> Result<Option<Wished>, StepError> {
    loop {
        let wished = retried(stop, async || {
            let client = settings.source.connect("wish").await?;
            observe::wished(&client, &settings.spec.migration).await
        });
        match wished.await? {
            None if settings.until_settled || pause(stop, WISH_POLL).await => return Ok(None),
            None => {}
            wished => return Ok(wished),
        }
    }
}

/// Tries again while that may help.
async fn retried<T>(
    stop: &CancellationToken,
    mut work: impl AsyncFnMut() -> Result<T, StepError>,
) -> Result<T, StepError> {
    let mut failures = 0;
    loop {
        let error = match work().await {
            Err(error) if error.class() == Class::Transient => error,
            done => return done,
        };
        failures += 1;
        tracing::warn!(failures, error = chain(&error), "try again");
        if failures >= FAILURE_LIMIT || pause(stop, WISH_POLL * failures).await {
            return Err(error);
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

fn job(settings: &Settings, run: i64) -> Job {
    Job {
        spec: settings.spec.clone(),
        source: settings.source.for_run(run),
        target: settings.target.for_run(run),
        run,
        pg_dump: settings.pg_dump.clone(),
    }
}
