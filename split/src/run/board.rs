//! What the worker reports: one status in memory, written to the journal when it has changed and at each heartbeat.
//!
//! In: updates from the work. Out: the journal's row, and a snapshot for metrics. Losing a write of progress is fine;
//! a phase is entered by `enter`, which changes the status only once that is written.

mod figures;

use super::alarm::Alarm;
use crate::connect::Endpoint;
use crate::journal::{self, JournalError};
use crate::phase::Phase;
use crate::rate::Series;
use crate::spec::{Direction, Side};
use crate::status::Status;
use crate::step::{Job, StepError};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// How often progress is written.
const REPORT: Duration = Duration::from_millis(500);
/// How often the heartbeat is written while nothing changes.
const BEAT: Duration = Duration::from_secs(2);
/// What the copy's rate is taken over, and how far apart the figures for it are.
const RATE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_millis(500));

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
    /// How much has been copied.
    moved: Mutex<Series>,
    /// The copy takes longer than the slot can wait.
    late: AtomicBool,
    alarm: watch::Sender<Option<Alarm>>,
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
            moved: Mutex::new(Series::new(RATE.0, RATE.1)),
            late: AtomicBool::new(false),
            alarm: watch::Sender::new(None),
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
            let run = self.run.load(Ordering::SeqCst);
            if run == 0 || !(changed || beat.elapsed() > BEAT) {
                continue;
            }
            beat = Instant::now();
            match self.write_with(&source, &mut client).await {
                // This worker may have taken a new number since, which is no newer worker.
                Err(StepError::Journal(JournalError::Superseded)) if self.run.load(Ordering::SeqCst) == run => {
                    return self.superseded.cancel();
                }
                Err(StepError::Journal(JournalError::Superseded)) => {}
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

    /// Says, or takes back, that a slot has to go. Said again in other figures it is no news.
    pub(super) fn sound(&self, alarm: Option<Alarm>) {
        self.alarm.send_if_modified(|present| {
            let news = present.as_ref().map(|one| one.way) != alarm.as_ref().map(|one| one.way);
            if news {
                *present = alarm;
            }
            news
        });
    }

    /// Why the stream in direction `way` has to end, if it has to.
    pub(super) fn alarm(&self, way: Direction) -> Option<String> {
        self.alarm.borrow().as_ref().filter(|alarm| alarm.way == way).map(|alarm| alarm.why.clone())
    }

    /// Follows what has to go.
    pub(super) fn alarms(&self) -> watch::Receiver<Option<Alarm>> {
        self.alarm.subscribe()
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

    #[test]
    fn an_alarm_is_of_one_stream_and_told_once() {
        let board = Board::new("m");
        let mut alarms = board.alarms();
        let alarm = |way, why: &str| Some(Alarm { way, why: why.into() });
        board.sound(alarm(Direction::Forward, "one"));
        assert!(alarms.has_changed().unwrap() && alarms.borrow_and_update().is_some());
        board.sound(alarm(Direction::Forward, "two"));
        assert!(!alarms.has_changed().unwrap());
        assert_eq!((board.alarm(Direction::Forward).as_deref(), board.alarm(Direction::Back)), (Some("one"), None));
        board.sound(None);
        assert!(alarms.has_changed().unwrap() && board.alarm(Direction::Forward).is_none());
    }
}
