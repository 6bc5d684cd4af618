//! What the worker reports: one status in memory, written to the journal when it has changed and at each heartbeat.
//!
//! In: updates from the work. Out: the journal's row, and a snapshot for metrics. Losing a write of progress is fine;
//! a phase is entered by `enter`, which changes the status only once that is written.

use crate::connect::Endpoint;
use crate::copy::Progress;
use crate::journal::{self, JournalError};
use crate::phase::Phase;
use crate::spec::Side;
use crate::status::{Status, TableState, Verification};
use crate::step::{Job, StepError};
use crate::verify::{Comparison, Observer};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// How often progress is written.
const REPORT: Duration = Duration::from_millis(500);
/// How often the heartbeat is written while nothing changes.
const BEAT: Duration = Duration::from_secs(2);

/// The worker's status, shared by whoever works and whoever reports.
#[derive(Debug)]
pub struct Board {
    migration: String,
    status: Mutex<Status>,
    changed: AtomicBool,
    run: AtomicI64,
    /// One writer at a time, or an older snapshot could overwrite a newer phase.
    writer: tokio::sync::Mutex<()>,
    superseded: CancellationToken,
    /// The hash of the only plan that may be carried out.
    approved: OnceLock<String>,
    /// When each table's copy began: several are under way at once.
    began: Mutex<BTreeMap<String, Instant>>,
}

impl Board {
    /// An empty board of one migration.
    #[must_use]
    pub fn new(migration: &str) -> Arc<Self> {
        Arc::new(Self {
            migration: migration.to_owned(),
            status: Mutex::default(),
            changed: AtomicBool::new(false),
            run: AtomicI64::new(0),
            writer: tokio::sync::Mutex::default(),
            superseded: CancellationToken::new(),
            approved: OnceLock::new(),
            began: Mutex::default(),
        })
    }

    /// Lets no other plan be begun than the one with this hash. What is begun already was judged then.
    pub fn approve(&self, hash: String) {
        // Whoever says it twice means the first.
        let _ = self.approved.set(hash);
    }

    /// The hash of the only plan that may be begun; none if nobody has said so.
    pub(super) fn approved(&self) -> Option<&str> {
        self.approved.get().map(String::as_str)
    }

    /// A copy of the status.
    #[must_use]
    pub fn status(&self) -> Status {
        self.lock().clone()
    }

    /// The phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.lock().phase
    }

    /// Changes the status; it is written with the next report.
    pub fn update(&self, change: impl FnOnce(&mut Status)) {
        let mut status = self.lock();
        let before = status.clone();
        change(&mut status);
        if *status != before {
            self.changed.store(true, Ordering::SeqCst);
        }
    }

    /// The run number that writes are fenced with.
    pub(super) fn set_run(&self, run: i64) {
        self.run.store(run, Ordering::SeqCst);
    }

    /// Ends once a newer worker has been seen.
    pub(super) async fn superseded(&self) {
        self.superseded.cancelled().await;
    }

    /// Writes the status now.
    ///
    /// # Errors
    /// The source can't be reached, or a newer worker has begun.
    pub(super) async fn store(&self, job: &Job) -> Result<(), StepError> {
        if job.run == 0 {
            return Ok(());
        }
        self.enter(job, |_| ()).await
    }

    /// Writes the status as `change` makes it, and changes it only then: a phase that isn't stored has not begun, and a
    /// worker that couldn't store the last one isn't done.
    ///
    /// # Errors
    /// As `store`; the status is as it was.
    pub(super) async fn enter(&self, job: &Job, change: impl Fn(&mut Status)) -> Result<(), StepError> {
        let client = job.session(Side::Source, "status").await?;
        Ok(self.write(&client, change).await?)
    }

    /// Writes progress and heartbeat until the process ends or a newer worker has begun.
    pub(super) async fn report(self: Arc<Self>, source: Endpoint, stop: CancellationToken) {
        let mut client: Option<Client> = None;
        let mut beat = Instant::now();
        while !stop.is_cancelled() {
            tokio::time::sleep(REPORT).await;
            let changed = self.changed.load(Ordering::SeqCst);
            if self.run.load(Ordering::SeqCst) == 0 || !(changed || beat.elapsed() > BEAT) {
                continue;
            }
            beat = Instant::now();
            match self.write_with(&source, &mut client).await {
                Err(StepError::Journal(JournalError::Superseded)) => return self.superseded.cancel(),
                Err(error) => {
                    tracing::debug!(%error, "progress is not written");
                    client = None;
                }
                Ok(()) => {}
            }
        }
    }

    async fn write_with(&self, source: &Endpoint, client: &mut Option<Client>) -> Result<(), StepError> {
        let open = match client.take() {
            Some(open) if !open.is_closed() => open,
            _ => source.connect("status").await?,
        };
        let written = self.write(&open, |_| ()).await;
        *client = Some(open);
        Ok(written?)
    }

    async fn write(&self, client: &Client, change: impl Fn(&mut Status)) -> Result<(), JournalError> {
        let _one = self.writer.lock().await;
        self.changed.store(false, Ordering::SeqCst);
        let (run, mut status) = (self.run.load(Ordering::SeqCst), self.status());
        change(&mut status);
        let written = journal::write_status(client, &self.migration, run, &status).await;
        match &written {
            Ok(()) => change(&mut self.lock()),
            Err(_) => self.changed.store(true, Ordering::SeqCst),
        }
        written
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds left for a table at the rate since it began.
    fn eta(&self, table: &str, rows: u64, total: u64) -> Option<u64> {
        let mut began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        match began.get(table) {
            Some(since) if rows > 0 => {
                let left = total.saturating_sub(rows) as f64;
                Some((since.elapsed().as_secs_f64() / rows as f64 * left).round() as u64)
            }
            _ => {
                began.insert(table.to_owned(), Instant::now());
                None
            }
        }
    }
}

impl Progress for Board {
    fn copied(&self, table: &str, rows: u64, bytes: u64, done: bool) {
        self.update(|status| {
            let Some(entry) = status.tables.iter_mut().find(|entry| entry.name == table) else { return };
            entry.rows = rows;
            entry.bytes = bytes;
            entry.state = if done { TableState::Copied } else { TableState::Copying };
            entry.eta_seconds = if done { None } else { self.eta(table, rows, entry.total) };
            if done {
                entry.total = rows;
            }
        });
    }
}

impl Observer for Board {
    fn compared(&self, comparison: &Comparison) {
        self.update(|status| {
            let total: u64 = status.tables.iter().map(|table| table.total).sum();
            let decided = comparison.rows.saturating_sub(comparison.undecided);
            let coverage = if total == 0 { 1.0 } else { (decided as f64 / total as f64).min(1.0) };
            status.verification = Some(Verification {
                rows: comparison.rows,
                chunks: comparison.chunks,
                mismatches: comparison.mismatches.len() as u64,
                coverage,
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;

    #[tokio::test]
    async fn a_phase_that_could_not_be_stored_is_not_entered() {
        let side = serde_json::json!({"schema": "app", "roles": {"owner": "o", "migrate": [], "app": [], "read": []}});
        let spec = serde_json::json!({"migration": "m", "source": side, "target": side});
        let endpoint = |side| Endpoint::parse(side, "postgresql://u@127.0.0.1:1/nowhere", "m").unwrap();
        let job = Job {
            spec: Spec::parse(&spec.to_string()).unwrap(),
            source: endpoint(Side::Source),
            target: endpoint(Side::Target),
            run: 1,
            pg_dump: "pg_dump".into(),
        };
        let board = Board::new("m");
        board.update(|status| status.phase = Phase::Aborting);
        let entered = board.enter(&job, |status| status.phase = Phase::Aborted).await;
        assert!(matches!(entered, Err(StepError::Connect(_))), "{entered:?}");
        assert_eq!(board.phase(), Phase::Aborting);
    }
}
