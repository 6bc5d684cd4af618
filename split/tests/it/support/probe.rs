//! Asks both sides all the time whether they would take a write: never both.
//!
//! In: two sides. Out: how often both were open at the same moment, how often it asked, and when neither was. A side counts as open when
//! the service's role may write its tables and no guard stands before them; both at once is proven when one side is
//! open, then the other, then the first again at the same epoch.

use super::side::Side;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls, Statement};

const GATE: &str = "
    SELECT coalesce((SELECT epoch FROM rerp_split.owner WHERE schema_name = 'app'), 0),
           has_table_privilege($1, 'app.entry', 'INSERT') AND NOT EXISTS (
               SELECT FROM pg_trigger WHERE tgrelid = 'app.entry'::regclass AND tgname LIKE 'rerp%' AND NOT tgisinternal)";

/// A running checker.
pub struct Probe {
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicU64>,
    both: Arc<AtomicU64>,
    closed: Arc<Mutex<Closed>>,
    task: JoinHandle<()>,
}

/// When neither side was open: the time that has not ended yet, and those that have.
#[derive(Default)]
struct Closed {
    since: Option<Instant>,
    spans: Vec<(Instant, Instant)>,
}

impl Probe {
    /// Begins to ask, about every millisecond.
    pub fn start(sides: [Side; 2]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (rounds, both) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let closed = Arc::new(Mutex::default());
        let task = tokio::spawn(watch(sides, stop.clone(), rounds.clone(), both.clone(), closed.clone()));
        Self { stop, rounds, both, closed, task }
    }

    /// The longest time since `from` in which neither side was open.
    pub fn longest_closed(&self, from: Instant) -> Duration {
        let closed = self.closed.lock().unwrap();
        let present = closed.since.map(|since| (since, Instant::now()));
        let within = |(since, until): (Instant, Instant)| until.saturating_duration_since(since.max(from));
        closed.spans.iter().copied().chain(present).map(within).max().unwrap_or_default()
    }

    /// How often it asked, and how often both sides were open.
    pub async fn stop(self) -> (u64, u64) {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.expect("the checker failed");
        (self.rounds.load(Ordering::SeqCst), self.both.load(Ordering::SeqCst))
    }
}

async fn watch(
    sides: [Side; 2],
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicU64>,
    both: Arc<AtomicU64>,
    closed: Arc<Mutex<Closed>>,
) {
    let mut sessions = [Session::of(sides[0].admin().await), Session::of(sides[1].admin().await)];
    let mut first = 0;
    while !stop.load(Ordering::SeqCst) {
        for side in 0..2 {
            if sessions[side].client.is_closed()
                && let Ok((client, connection)) = sides[side].admin_config().connect(NoTls).await
            {
                tokio::spawn(connection);
                sessions[side] = Session::of(client);
            }
        }
        first = 1 - first;
        let second = 1 - first;
        let began = Instant::now();
        let epoch = sessions[first].open(&sides[first]).await;
        let other = sessions[second].open(&sides[second]).await.is_some();
        if epoch.is_some() && other && sessions[first].open(&sides[first]).await == epoch {
            both.fetch_add(1, Ordering::SeqCst);
        }
        closed.lock().unwrap().note(began, epoch.is_some() || other);
        rounds.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

impl Closed {
    fn note(&mut self, at: Instant, open: bool) {
        match self.since {
            None if !open => self.since = Some(at),
            Some(since) if open => {
                self.spans.push((since, at));
                self.since = None;
            }
            _ => {}
        }
    }
}

/// A connection to one side, and its question once the tables that it names exist.
struct Session {
    client: Client,
    gate: Option<Statement>,
}

impl Session {
    fn of(client: Client) -> Self {
        Self { client, gate: None }
    }

    /// The epoch at which the side is open.
    async fn open(&mut self, side: &Side) -> Option<i64> {
        if self.gate.is_none() {
            self.gate = self.client.prepare(GATE).await.ok();
        }
        let row = self.client.query_one(self.gate.as_ref()?, &[&side.roles.app[0]]).await.ok()?;
        row.get::<_, bool>(1).then(|| row.get(0))
    }
}
