//! Workers that have been lost: how it shows, how they come back, how they end.
//!
//! In: processes. Out: what became of them, in words for the table. Whoever comes back must notice by itself that it is
//! no longer the one.

use crate::world::{LIMIT, Worker};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How long a worker that has been superseded may take to notice.
const NOTICE_LIMIT: Duration = Duration::from_secs(60);
/// The exit code of a worker that has been superseded.
const SUPERSEDED: i32 = 6;

/// How a worker is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// SIGKILL.
    Kill,
    /// SIGSTOP; SIGCONT when the next one is at its own place, or when all is over.
    Freeze,
    /// It waits for the next one, and goes on beside it.
    Double,
}

/// When a double goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successor {
    /// The new run number is on the source.
    HasTakenOver,
    /// The successor waits for a transaction of the double, which it would end after half a second.
    WaitsForLock,
}

/// What was seen at one place.
pub struct Line {
    pub point: String,
    pub ended: String,
    /// Since this worker was started, until it was lost: how long neither side was open, and how long nothing was
    /// acknowledged.
    pub closed: Duration,
    pub silence: Duration,
}

/// A worker that has been lost and still exists.
pub struct Lost {
    pub worker: Worker,
    pub point: String,
    /// Where its line is.
    pub line: usize,
}

impl Loss {
    /// The failpoint's word for it.
    pub fn action(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Double => "wait",
        }
    }

    /// Whether `worker` has come to its place.
    pub fn has_happened(self, worker: &mut Worker) -> bool {
        let ended = worker.ended();
        if self == Self::Kill && ended.is_some_and(|status| status.signal() == Some(9)) {
            return true;
        }
        assert!(ended.is_none(), "the worker ended with {ended:?}: {}", worker.log());
        match self {
            Self::Kill => false,
            Self::Freeze => worker.is_frozen(),
            Self::Double => worker.log().contains("failpoint reached"),
        }
    }
}

/// SIGCONT; the worker must notice that it is no longer the one.
pub async fn wake(lost: Lost, when: &str) -> String {
    lost.worker.wake();
    is_superseded(lost.worker, &lost.point).await;
    format!("woken {when}, superseded")
}

/// Lets a waiting worker go on beside its successor.
pub async fn let_go(
    lost: Lost,
    source: Client,
    migration: String,
    run: i64,
    successor: Successor,
    go: PathBuf,
) -> (usize, String) {
    let begun = Instant::now();
    loop {
        let is_so_far = match successor {
            Successor::HasTakenOver => run_of(&source, &migration).await > run,
            // On a busy machine it may come when the server has already ended the transaction that it would have waited for.
            Successor::WaitsForLock => is_waiting(&source, &migration).await || run_of(&source, &migration).await > run,
        };
        if is_so_far {
            break;
        }
        assert!(begun.elapsed() < LIMIT, "nobody takes over from the one at {}", lost.point);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    std::fs::write(&go, "").unwrap();
    is_superseded(lost.worker, &lost.point).await;
    (lost.line, "went on, superseded".to_owned())
}

/// The run on the source.
pub async fn run_of(source: &Client, migration: &str) -> i64 {
    let select = "SELECT run FROM rerp_split.run WHERE migration = $1";
    source.query_opt(select, &[&migration]).await.unwrap().map_or(0, |row| row.get(0))
}

/// Whether somebody who wants to take over waits for a lock on the source.
async fn is_waiting(source: &Client, migration: &str) -> bool {
    let select = "SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
    let claim = format!("rerp-split/{migration}/0/claim");
    source.query_opt(select, &[&claim]).await.unwrap().is_some()
}

async fn is_superseded(mut worker: Worker, point: &str) {
    let begun = Instant::now();
    loop {
        if let Some(status) = worker.ended() {
            return assert_eq!(status.code(), Some(SUPERSEDED), "{point}: {}", worker.log());
        }
        assert!(begun.elapsed() < NOTICE_LIMIT, "the worker of {point} goes on: {}", worker.log());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
