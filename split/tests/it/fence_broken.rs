//! Fences that are broken on purpose, here and nowhere else: the ledger and the checker must see each of them.
//!
//! A test that finds nothing wrong with the real fence proves something only if it finds these.

use crate::support::ledger::{Ack, Ledger};
use crate::support::pair::Pair;
use crate::support::probe::Probe;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::support::{check, eventually, stream};
use rerp_split::fence::{Closing, CutoverConfig, Drive, Stmt, render};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

/// Sends a statement and returns the value in `column`, if there is one.
async fn send(client: &Client, sql: &str, column: &str) -> Option<String> {
    let messages = client.simple_query(sql).await.unwrap();
    let value = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) if row.columns().iter().any(|c| c.name() == column) => {
            row.get(column).map(str::to_owned)
        }
        _ => None,
    };
    messages.iter().find_map(value)
}

/// The sessions of a fence that is put together by hand.
struct Hand {
    cfg: CutoverConfig,
    a: Client,
    b: Client,
    t: Client,
}

impl Hand {
    async fn new(pair: &Pair) -> Self {
        let (source, target) = pair.endpoints();
        let (a, b) = (source.connect("a").await.unwrap(), source.connect("b").await.unwrap());
        Self { cfg: pair.config(), a, b, t: target.connect("t").await.unwrap() }
    }

    async fn run(&self, client: &Client, stmt: &Stmt, column: &str) -> Option<String> {
        send(client, &render(stmt, &self.cfg), column).await
    }

    /// P2, F1 and F2 as they should be.
    async fn begin(&self) {
        self.run(&self.b, &Stmt::P2Declare, "").await;
        self.run(&self.t, &Stmt::P2Close, "").await;
        let messages = self.a.simple_query(&render(&Stmt::F1Begin { epoch: 0 }, &self.cfg)).await.unwrap();
        let row = messages
            .into_iter()
            .find_map(|message| match message {
                SimpleQueryMessage::Row(row) if row.columns().iter().any(|c| c.name() == "hash") => Some(row),
                _ => None,
            })
            .unwrap();
        let hash = row.get("hash").unwrap().to_owned();
        let closing = Closing { epoch: 1, hash, pid: 0, xid: "3".to_owned() };
        self.run(&self.t, &Stmt::F2Arm(closing), "").await;
    }

    /// F5, F7 as they should be.
    async fn drain(&self) {
        let token: Uuid = self.run(&self.b, &Stmt::F5Token, "token").await.unwrap().parse().unwrap();
        eventually("the token", Duration::from_secs(20), || async {
            self.run(&self.t, &Stmt::F5Look(token), "answer").await.as_deref() == Some("t")
        })
        .await;
        assert!(self.run(&self.t, &Stmt::F7Flush { epoch: 1, tokens: vec![token] }, "lsn").await.is_some());
    }

    /// F9 with the proof as `reader` sees it.
    async fn open(&self, reader: &Client) {
        let proof = send(reader, "SELECT proof FROM rerp_split.owner", "proof").await.unwrap();
        let open = Stmt::F9Open(proof.parse().unwrap());
        assert_eq!(self.run(&self.t, &open, "answer").await.as_deref(), Some("t"));
    }
}

/// A transaction that has written on the source and is not committed yet.
struct InFlight {
    client: Client,
    ack: Ack,
}

impl InFlight {
    async fn begin(pair: &Pair) -> Self {
        let client = pair.source.app().await;
        let write = "BEGIN; INSERT INTO item VALUES (7); UPDATE item SET v = v + 1 WHERE key = 7;
                     INSERT INTO entry (writer, n, key, v) VALUES (99, 1, 7, 1)";
        client.batch_execute(write).await.unwrap();
        let now = Instant::now();
        Self { client, ack: Ack { writer: 99, n: 1, key: 7, v: 1, begun: now, acked: now } }
    }

    async fn commit(mut self, ledger: &Ledger) {
        self.client.batch_execute("COMMIT").await.unwrap();
        self.ack.acked = Instant::now();
        ledger.acknowledge(self.ack);
    }
}

/// Without the lock a transaction that has already written commits after the token has gone by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_lock_an_acknowledged_write_is_lost() {
    let pair = Pair::create("nolock").await;
    pair.stream().await;
    let (hand, ledger, in_flight) = (Hand::new(&pair).await, Ledger::default(), InFlight::begin(&pair).await);
    hand.begin().await;
    hand.drain().await;
    // F8 without guards, whose creation would wait for writers: what a fence of privileges alone does.
    let roles = pair.source.roles.service().collect::<Vec<_>>().join(", ");
    hand.a.batch_execute(&format!("REVOKE ALL ON app.item, app.entry FROM {roles}; COMMIT")).await.unwrap();
    hand.open(&hand.b).await;
    stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
    in_flight.commit(&ledger).await;
    let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
    assert_eq!((verdict.acknowledged, verdict.lost), (1, 1), "{verdict:?}");
}

/// The same transaction before the real fence: it is waited for, and arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_lock_the_same_write_is_waited_for() {
    let pair = Pair::create("lock").await;
    pair.stream().await;
    let (ledger, in_flight) = (Ledger::default(), InFlight::begin(&pair).await);
    let (source, target) = pair.endpoints();
    let mut cfg = pair.config();
    cfg.budget = Duration::from_secs(20);
    let mut drive = Drive::new(&cfg, &source, &target, false);
    let mut waits = 0;
    while waits < 2 {
        assert!(drive.turn().await, "the fence gave up");
        assert!(!matches!(drive.next(), Some(Stmt::F4Check)), "the lock was granted beside a writer");
        waits += u32::from(matches!(drive.next(), Some(Stmt::F3Wait { .. })));
    }
    in_flight.commit(&ledger).await;
    while drive.turn().await {}
    assert_eq!(drive.finish().unwrap().map(|report| report.epoch), Some(1));
    stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
    let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
    assert!(verdict.is_clean() && verdict.acknowledged == 1, "{verdict:?}");
}

/// Opening before the closing commit, and the closing session dies: both sides take writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_before_closing_has_both_sides_open_and_loses_writes() {
    let pair = Pair::create("early").await;
    let sides = [pair.source.clone(), pair.target.clone()];
    let load = Load { writers: 4, slow: 0, ..Load::default() };
    let writers = Writers::start(Route::new(sides.clone(), 0), load).await;
    let probe = Probe::start(sides);
    pair.stream().await;
    writers.more(50).await;
    let hand = Hand::new(&pair).await;
    hand.begin().await;
    while hand.a.simple_query(&render(&Stmt::F3Lock, &hand.cfg)).await.is_err() {
        hand.run(&hand.a, &Stmt::F3Unlock, "").await;
    }
    hand.drain().await;
    // The closing session sees its own proof; nobody else can, which is the point of it.
    hand.open(&hand.a).await;
    stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
    drop(hand);
    writers.more(50).await;
    let ledger = writers.stop().await;
    let (_, both) = probe.stop().await;
    let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
    assert!(both > 0, "the checker saw nothing");
    assert!(verdict.lost > 0, "{verdict:?}");
}

/// A token that was written before the lock proves nothing about what was committed in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_before_the_lock_loses_what_was_committed_in_between() {
    let pair = Pair::create("token").await;
    pair.stream().await;
    let (hand, ledger, in_flight) = (Hand::new(&pair).await, Ledger::default(), InFlight::begin(&pair).await);
    hand.begin().await;
    hand.drain().await;
    // The stream stands still from here on, so that the loss does not depend on who is quicker.
    let name = stream::publication(&pair.spec.migration);
    hand.t.batch_execute(&format!("ALTER SUBSCRIPTION {name} DISABLE")).await.unwrap();
    in_flight.commit(&ledger).await;
    hand.run(&hand.a, &Stmt::F3Lock, "").await;
    hand.run(&hand.a, &Stmt::F8Close, "").await;
    hand.open(&hand.b).await;
    let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
    assert_eq!((verdict.acknowledged, verdict.lost), (1, 1), "{verdict:?}");
    stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
}
