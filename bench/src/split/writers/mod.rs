//! Writers, as a service under steady load: one transaction after another, each in one message and repeated until it is acknowledged, on
//! whichever side is open. In: both sides, and how much. Out: what was acknowledged, and when (the ledger).
//!
//! A transaction that was due while the last one was awaited counts from when it was due (no coordinated omission); one that left late only
//! because this program woke late counts from when it left.

mod ledger;
mod route;
mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

pub(crate) use ledger::Felt;
use ledger::{Ack, Ledger};
pub(crate) use route::{Following, Route};
use session::Session;

/// How long one transaction may be repeated.
const LIMIT: Duration = Duration::from_secs(60);
/// Pause between two looks at what writers do, and before a transaction is repeated.
const PAUSE: Duration = Duration::from_millis(1);

/// Why they write no more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriterError {
    #[error("a transaction has had no answer for {} s", LIMIT.as_secs())]
    Stuck,
    #[error("too few transactions are acknowledged")]
    Idle,
    #[error("a writer has ended by itself")]
    Gone(#[from] tokio::task::JoinError),
}

/// Threads for writers, and for a peer's hands.
pub(crate) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// How much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) writers: u32,
    /// Transactions a second, of all together.
    pub(crate) rate: u32,
    /// Takes a key, the writer, and the number of its transaction, and writes nothing the second time.
    pub(crate) statement: &'static str,
    /// Keys are from 1 to this.
    pub(crate) keys: i64,
}

/// Writers at work.
pub(crate) struct Writers {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<Result<(), WriterError>>>,
}

struct Shared {
    load: Load,
    route: Route,
    ledger: Ledger,
    stop: AtomicBool,
    /// How often writers were told to make the other side ready.
    rehearsals: AtomicU64,
}

impl Writers {
    /// Lets them go.
    pub(crate) fn start(runtime: &Runtime, route: Route, load: Load) -> Self {
        let (stop, rehearsals) = (AtomicBool::new(false), AtomicU64::new(1));
        let shared = Arc::new(Shared { load, route, ledger: Ledger::default(), stop, rehearsals });
        let tasks = (0..load.writers).map(|number| runtime.spawn(Writer::new(number, Arc::clone(&shared)).run()));
        Self { tasks: tasks.collect(), shared }
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    pub(crate) fn route(&self) -> &Route {
        &self.shared.route
    }

    /// Has everybody open a connection to the other side, where that is possible, and plan its statement there, as the kit does.
    pub(crate) fn rehearse(&self) {
        self.shared.rehearsals.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until so many more have been acknowledged.
    pub(crate) fn more(&self, count: usize) -> Result<(), WriterError> {
        let (wanted, begun) = (self.ledger().count() + count, Instant::now());
        while self.ledger().count() < wanted {
            if begun.elapsed() > LIMIT || self.tasks.iter().any(JoinHandle::is_finished) {
                return Err(WriterError::Idle);
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Lets everybody finish. Out: how many transactions were acknowledged in all.
    pub(crate) fn stop(self, runtime: &Runtime) -> Result<usize, WriterError> {
        self.shared.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            runtime.block_on(task)??;
        }
        Ok(self.shared.ledger.count())
    }
}

struct Writer {
    number: u32,
    shared: Arc<Shared>,
    sessions: [Option<Session>; 2],
    rehearsed: u64,
    random: u64,
}

impl Writer {
    fn new(number: u32, shared: Arc<Shared>) -> Self {
        Self { number, shared, sessions: [None, None], rehearsed: 0, random: u64::from(number) + 1 }
    }

    async fn run(mut self) -> Result<(), WriterError> {
        let load = self.shared.load;
        let interval = Duration::from_secs(1) * load.writers / load.rate.max(1);
        // Not all at once.
        let mut due = Instant::now() + interval * self.number / load.writers;
        let mut n = 0;
        while !self.shared.stop.load(Ordering::SeqCst) {
            let is_late = due <= Instant::now();
            if !is_late {
                tokio::time::sleep_until(due.into()).await;
            }
            let begun = if is_late { due } else { Instant::now() };
            n += 1;
            self.transaction(n).await?;
            self.shared.ledger.note(Ack { begun, acked: Instant::now() });
            due += interval;
        }
        Ok(())
    }

    /// One, repeated until it is acknowledged.
    async fn transaction(&mut self, n: i64) -> Result<(), WriterError> {
        let (key, first) = (self.key(), Instant::now());
        self.rehearse().await;
        while first.elapsed() < LIMIT {
            let seen = self.shared.route.now();
            if self.write(seen.side, key, n).await {
                return Ok(());
            }
            self.shared.route.follow(seen).await;
            tokio::time::sleep(PAUSE).await;
        }
        Err(WriterError::Stuck)
    }

    async fn write(&mut self, side: usize, key: i64, n: i64) -> bool {
        let Some(present) = self.sessions.get_mut(side) else { return false };
        if present.as_ref().is_none_or(Session::is_closed) {
            *present = Session::open(self.shared.route.side(side)).await;
        }
        let Some(session) = present else { return false };
        // The number makes it the same whether an answer was lost or refused.
        session.write(self.shared.load.statement, key, self.number, n).await
    }

    async fn rehearse(&mut self) {
        let wanted = self.shared.rehearsals.load(Ordering::SeqCst);
        if self.rehearsed == wanted {
            return;
        }
        self.rehearsed = wanted;
        let other = 1 - self.shared.route.now().side;
        let Some(present) = self.sessions.get_mut(other) else { return };
        if present.as_ref().is_none_or(Session::is_closed) {
            *present = Session::open(self.shared.route.side(other)).await;
        }
        if let Some(session) = present {
            session.prepare(self.shared.load.statement).await;
        }
    }

    /// Some key. Which one isn't important, only that it is another one each time (a linear congruence, Knuth's).
    fn key(&mut self) -> i64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1 + ((self.random >> 33) as i64) % self.shared.load.keys.max(1)
    }
}
