//! Writers that behave like a service under load: transactions of an update and an insert against whichever side is
//! open, repeated on definite aborts; a lost answer to COMMIT is repeated with its idempotent key.
//!
//! In: a route and how many of what kind. Out: the ledger. A writer that was told to stop finishes its operation.

use super::ledger::{Ack, Ledger};
use super::parcel;
use super::route::{Route, try_connect};
use rand::RngExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Error, Statement};

const RAISE: &str = "UPDATE app.item SET v = v + 1 WHERE key = $1 RETURNING v";
const INSERT: &str =
    "INSERT INTO app.entry (writer, n, key, v) VALUES ($1, $2, $3, $4) ON CONFLICT (writer, n) DO NOTHING";
/// How long one operation may be repeated before the test fails.
const OPERATION_LIMIT: Duration = Duration::from_secs(120);

/// The load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Writers in all.
    pub writers: i32,
    /// How many of them keep some of their transactions open for up to `longest`.
    pub slow: i32,
    /// The longest transaction of a slow writer.
    pub longest: Duration,
    /// Counters that the quick writers share.
    pub keys: i32,
    /// Pause between two operations of one writer.
    pub think: Duration,
    /// Pause before an operation is repeated.
    pub again: Duration,
    /// How many of a slow writer's transactions stay open, from 0 to 1.
    pub slow_share: f64,
    /// Also insert, change and remove rows over a foreign key (`parcel`).
    pub parcels: bool,
    /// The number of the first writer: what writers before them have written is told apart.
    pub first: i32,
}

impl Default for Load {
    fn default() -> Self {
        let (think, again) = (Duration::from_millis(4), Duration::from_millis(1));
        let longest = Duration::from_secs(2);
        Self { writers: 16, slow: 2, longest, keys: 32, think, again, slow_share: 0.01, parcels: false, first: 0 }
    }
}

/// Running writers.
pub struct Writers {
    pub ledger: Arc<Ledger>,
    pub route: Arc<Route>,
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writers {
    /// Fills `item` on the open side and lets the writers go.
    pub async fn start(route: Route, load: Load) -> Self {
        let route = Arc::new(route);
        let ledger = Arc::new(Ledger::default());
        let stop = Arc::new(AtomicBool::new(false));
        let admin = route.sides[route.now().0].admin().await;
        let last = load.keys + load.first + load.writers;
        let fill = format!("INSERT INTO app.item SELECT generate_series(0, {last}) ON CONFLICT DO NOTHING");
        admin.batch_execute(&fill).await.unwrap();
        let tasks = (load.first..load.first + load.writers)
            .map(|id| {
                let connections = [None, None];
                let (route, ledger, stop) = (route.clone(), ledger.clone(), stop.clone());
                tokio::spawn(Writer { id, n: 0, load, route, ledger, stop, connections }.run())
            })
            .collect();
        Self { ledger, route, stop, tasks }
    }

    /// Waits until `count` more commits have been acknowledged.
    pub async fn more(&self, count: usize) {
        let wanted = self.ledger.len() + count;
        super::eventually("more acknowledged commits", OPERATION_LIMIT, || async { self.ledger.len() >= wanted }).await;
    }

    /// Lets every writer finish its operation and returns the ledger.
    pub async fn stop(self) -> Arc<Ledger> {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("a writer failed");
        }
        self.ledger
    }
}

struct Writer {
    id: i32,
    n: i64,
    load: Load,
    route: Arc<Route>,
    ledger: Arc<Ledger>,
    stop: Arc<AtomicBool>,
    connections: [Option<Session>; 2],
}

/// A connection and what is prepared on it: nothing before its side has the tables.
struct Session {
    client: Client,
    prepared: Option<Prepared>,
}

struct Prepared {
    raise: Statement,
    insert: Statement,
    parcel: Option<Statement>,
}

enum Failure {
    /// The server said that the transaction is not committed.
    Aborted(String),
    /// No answer: only the idempotent key makes a repeat safe.
    InDoubt,
}

impl Writer {
    async fn run(mut self) {
        while !self.stop.load(Ordering::SeqCst) {
            self.n += 1;
            self.operation().await;
            tokio::time::sleep(self.load.think).await;
        }
    }

    /// One operation, repeated until it is acknowledged.
    async fn operation(&mut self) {
        let (key, hold) = self.choose();
        let first = Instant::now();
        loop {
            assert!(first.elapsed() < OPERATION_LIMIT, "writer {} gets no answer: {:?}", self.id, self.ledger.errors());
            let begun = Instant::now();
            let (side, seen) = self.route.now();
            match self.attempt(side, key, hold).await {
                Ok(v) => {
                    let (writer, n) = (self.id, self.n);
                    return self.ledger.acknowledge(Ack { writer, n, key, v, begun, acked: Instant::now() });
                }
                Err(Failure::InDoubt) => {
                    self.ledger.error("in doubt");
                    self.connections[side] = None;
                    self.route.ask(seen).await;
                }
                Err(Failure::Aborted(code)) => {
                    self.ledger.error(&code);
                    self.route.ask(seen).await;
                }
            }
            tokio::time::sleep(self.load.again).await;
        }
    }

    /// Slow writers have a counter of their own, or every quick one would wait for them.
    fn choose(&self) -> (i32, Duration) {
        let mut rng = rand::rng();
        if self.id - self.load.first >= self.load.slow {
            return (rng.random_range(0..self.load.keys), Duration::ZERO);
        }
        let slow = rng.random_bool(self.load.slow_share);
        let hold = if slow { self.load.longest.mul_f64(rng.random()) } else { Duration::ZERO };
        (self.load.keys + self.id, hold)
    }

    async fn attempt(&mut self, side: usize, key: i32, hold: Duration) -> Result<i64, Failure> {
        // Warm connections to both sides, as the service keeps them.
        for other in [1 - side, side] {
            if self.connections[other].as_ref().is_none_or(|session| session.client.is_closed()) {
                let client = try_connect(&self.route.sides[other]).await;
                self.connections[other] = client.map(|client| Session { client, prepared: None });
            }
        }
        let (id, n, parcels) = (self.id, self.n, self.load.parcels);
        let Some(session) = &mut self.connections[side] else {
            return Err(Failure::Aborted("no connection".into()));
        };
        session.prepare(parcels).await.map_err(refused)?;
        session.transaction(id, n, key, hold).await
    }
}

impl Session {
    /// Raises the counter and writes the entry; an entry that exists already is an operation that was committed unseen.
    async fn transaction(&mut self, writer: i32, n: i64, key: i32, hold: Duration) -> Result<i64, Failure> {
        let Some(Prepared { raise, insert, parcel }) = &self.prepared else {
            return Err(Failure::Aborted("nothing is prepared".into()));
        };
        let transaction = self.client.transaction().await.map_err(refused)?;
        let v: i64 = transaction.query_one(raise, &[&key]).await.map_err(refused)?.get(0);
        if !hold.is_zero() {
            tokio::time::sleep(hold).await;
        }
        if transaction.execute(insert, &[&writer, &n, &key, &v]).await.map_err(refused)? == 1 {
            if let Some(parcel) = parcel {
                transaction.execute(parcel, &[&writer, &n]).await.map_err(refused)?;
            }
            transaction.commit().await.map_err(unanswered)?;
            return Ok(v);
        }
        transaction.rollback().await.map_err(refused)?;
        let find = "SELECT v FROM app.entry WHERE writer = $1 AND n = $2";
        Ok(self.client.query_one(find, &[&writer, &n]).await.map_err(refused)?.get(0))
    }

    async fn prepare(&mut self, parcels: bool) -> Result<(), Error> {
        if self.prepared.is_none() {
            let (raise, insert) = (self.client.prepare(RAISE).await?, self.client.prepare(INSERT).await?);
            let parcel = if parcels { Some(self.client.prepare(parcel::WRITE).await?) } else { None };
            self.prepared = Some(Prepared { raise, insert, parcel });
        }
        Ok(())
    }
}

/// Before COMMIT was sent nothing can have been committed, whatever became of the connection.
fn refused(error: Error) -> Failure {
    Failure::Aborted(error.code().map_or_else(|| "connection".to_owned(), |code| code.code().to_owned()))
}

/// After COMMIT was sent only an error of the transaction itself is a definite abort: the end of the server or of the
/// connection (57P01 and its kin, class 08, no code at all) may have come after the commit.
fn unanswered(error: Error) -> Failure {
    match error.code().map(|code| code.code()) {
        Some(code) if !code.starts_with("57P") && !code.starts_with("08") => Failure::Aborted(code.to_owned()),
        _ => Failure::InDoubt,
    }
}
