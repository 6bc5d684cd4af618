//! Looks after the workers' speed while they copy: asks the source how long a commit takes, and sets the bound that follows.
//!
//! In: the throttle that the workers share, whether there is still time. Out: bounds, and what was measured, to be shown.
//!
//! A commit of its own on a session of its own is what writers do: it takes a place in the WAL, waits until the disk (or a
//! synchronous standby) has it, and crosses the network. What it writes is a message that no subscription asks for, in no table.

use super::Progress;
use super::pace::{Pace, felt};
use super::throttle::Throttle;
use crate::spec::Side;
use crate::step::{Job, StepError, chain, failed, within};
use std::convert::Infallible;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// How many commits are judged together: about a second of them.
const COMMITS: usize = 5;
/// Nobody waits longer for one: that is slow, whatever is allowed for the rest.
const LONGEST_S: u64 = 60;

/// The prefix is ours; the function is everybody's.
const COMMIT: &str = "SELECT pg_logical_emit_message(true, 'rerp_split', ''::text)";

/// Works until it is dropped.
pub(super) async fn govern(job: &Job, throttle: &Throttle, progress: &dyn Progress) -> Infallible {
    let mut pace = Pace::new(&job.spec.copy);
    let mut source: Option<Client> = None;
    let mut commits = Vec::with_capacity(COMMITS);
    let mut since = (Instant::now(), throttle.spent());
    progress.paced(pace.bound(), None);
    loop {
        tokio::time::sleep(LOOK).await;
        if progress.is_late() && pace.lift() {
            throttle.set(None);
            progress.paced(None, None);
        }
        if !pace.listens() {
            continue;
        }
        commits.extend(commit(job, &mut source).await);
        if commits.len() < COMMITS {
            continue;
        }
        let (now, spent) = (Instant::now(), throttle.spent());
        let seconds = now.duration_since(since.0).as_secs_f64().max(f64::EPSILON);
        let speed = (spent.saturating_sub(since.1) as f64 / seconds) as u64;
        let latency = felt(&commits);
        if let Some(latency) = latency {
            pace.heard(latency, speed);
        }
        throttle.set(pace.bound());
        progress.paced(pace.bound(), latency);
        commits.clear();
        since = (now, spent);
    }
}

/// How long one commit takes; none if that can't be known just now, which is the workers' own business. One that isn't answered in time
/// keeps its session, and the next waits behind it: otherwise, as long as a synchronous standby is away, each would leave a session that waits for it.
async fn commit(job: &Job, source: &mut Option<Client>) -> Option<Duration> {
    match measure(job, source).await {
        Ok(time) => Some(time),
        Err(StepError::Deadline { .. }) => Some(Duration::from_secs(LONGEST_S)),
        Err(error) => {
            *source = None;
            tracing::debug!(migration = job.id(), error = chain(&error), "no commit is measured");
            None
        }
    }
}

async fn measure(job: &Job, source: &mut Option<Client>) -> Result<Duration, StepError> {
    let client = match source.take().filter(|client| !client.is_closed()) {
        Some(client) => client,
        None => open(job).await?,
    };
    let client = source.insert(client);
    let begun = Instant::now();
    let commit = async { client.batch_execute(COMMIT).await.map_err(failed("commit on the source")) };
    within("a commit on the source", LONGEST_S, commit).await?;
    Ok(begun.elapsed())
}

/// Waits for the disk whatever is set for the role, and lives as long as the copy.
async fn open(job: &Job) -> Result<Client, StepError> {
    let client = job.session(Side::Source, "pace").await?;
    let set = "SET synchronous_commit = on; SET idle_session_timeout = 0";
    client.batch_execute(set).await.map_err(failed("prepare to measure commits"))?;
    Ok(client)
}
