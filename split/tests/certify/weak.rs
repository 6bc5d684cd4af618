//! Fences that are weakened on purpose, under the same writers, checker and judge as the runs: each must be counted.
//!
//! In: two servers. Out: what was counted for each, and whether that is what must be. A certificate without this proves only that nobody
//! has looked.

use super::judge;
use crate::support::check::{self, Verdict};
use crate::support::cluster::Cluster;
use crate::support::hand::{Hand, InFlight};
use crate::support::pair::Pair;
use crate::support::probe::Probe;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::support::{eventually, stream};
use rerp_split::fence::Stmt;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// What is left out or turned around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Rights are taken away without a lock, so a transaction that has written commits after the token.
    NoLock,
    /// The target is opened before the source's commit, and the closing session dies.
    OpenBeforeCommit,
    /// The token is written before the lock.
    TokenBeforeLock,
    /// The target is opened without waiting for what is on its way.
    NoDrain,
    /// The slot stays when the subscription goes.
    SlotStays,
}

/// All of them, and the counters that each must raise.
pub const ALL: [(Weakness, &[&str]); 5] = [
    (Weakness::NoLock, &["lost"]),
    (Weakness::OpenBeforeCommit, &["bothWritable", "lost"]),
    (Weakness::TokenBeforeLock, &["lost"]),
    (Weakness::NoDrain, &["duplicated", "reordered"]),
    (Weakness::SlotStays, &["leftovers"]),
];

/// What was counted.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Caught {
    pub weakness: String,
    pub must_count: Vec<&'static str>,
    pub lost: usize,
    pub duplicated: usize,
    pub reordered: usize,
    pub both_writable: u64,
    pub leftovers: usize,
    pub caught: bool,
}

/// A counter that nobody else writes to.
const OWN_KEY: i32 = 9_999;
/// Until the stream has carried what it has to.
const ARRIVES: Duration = Duration::from_secs(60);
const LOAD: Load = Load {
    writers: 16,
    slow: 0,
    longest: Duration::ZERO,
    slow_share: 0.0,
    keys: 8,
    think: Duration::from_millis(10),
    again: Duration::from_millis(2),
    parcels: false,
    first: 0,
};

/// A weakened cutover under writers.
pub async fn weakened(weakness: Weakness, must_count: &[&'static str], [from, to]: [Arc<Cluster>; 2]) -> Caught {
    let pair = Pair::create_on(from, to, "weak").await;
    let sides = [pair.source.clone(), pair.target.clone()];
    let writers = Writers::start(Route::new(sides.clone(), 0), LOAD).await;
    let probe = Probe::start(sides);
    pair.stream().await;
    writers.more(50).await;
    let hand = Hand::new(&pair).await;
    let in_flight = match weakness {
        Weakness::NoLock | Weakness::TokenBeforeLock => Some(InFlight::begin(&pair, OWN_KEY).await),
        _ => None,
    };
    cut_over(weakness, hand, &pair, &writers, in_flight).await;
    writers.more(50).await;
    let leftovers = end_stream(weakness, &pair).await;
    let ledger = writers.stop().await;
    let (_, both_writable) = probe.stop().await;
    let target = pair.target.admin().await;
    let Verdict { lost, duplicated, reordered, .. } = check::compare(&target, &ledger.acks()).await;
    let counted = |name: &&str| match *name {
        "lost" => lost > 0,
        "duplicated" => duplicated > 0,
        "reordered" => reordered > 0,
        "bothWritable" => both_writable > 0,
        _ => leftovers > 0,
    };
    let caught = must_count.iter().all(counted);
    let (weakness, must_count) = (format!("{weakness:?}"), must_count.to_vec());
    Caught { weakness, must_count, lost, duplicated, reordered, both_writable, leftovers, caught }
}

async fn cut_over(weakness: Weakness, hand: Hand, pair: &Pair, writers: &Writers, in_flight: Option<InFlight>) {
    hand.begin().await;
    match weakness {
        Weakness::NoLock => without_lock(&hand, pair).await,
        Weakness::OpenBeforeCommit => open_before_commit(&hand, pair).await,
        Weakness::TokenBeforeLock => {
            hand.drain().await;
            stand_still(&hand, pair, true).await;
        }
        Weakness::NoDrain => stand_still(&hand, pair, true).await,
        Weakness::SlotStays => {}
    }
    if matches!(weakness, Weakness::NoDrain | Weakness::TokenBeforeLock) {
        // What is committed from here on is on its way, and stays there.
        writers.more(50).await;
    }
    if let Some(in_flight) = in_flight {
        in_flight.commit(&writers.ledger).await;
    }
    if !matches!(weakness, Weakness::NoLock | Weakness::OpenBeforeCommit) {
        close_and_open(&hand, weakness == Weakness::SlotStays).await;
    }
    if weakness == Weakness::NoDrain {
        writers.more(50).await;
        stand_still(&hand, pair, false).await;
        arrives(&hand, pair).await;
    }
}

/// What a fence of privileges alone does.
async fn without_lock(hand: &Hand, pair: &Pair) {
    hand.drain().await;
    let roles = pair.source.roles.service().collect::<Vec<_>>().join(", ");
    let close = format!("REVOKE ALL ON app.item, app.entry FROM {roles}; COMMIT");
    hand.a.batch_execute(&close).await.unwrap();
    hand.open(&hand.b).await;
    stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
}

/// The closing session alone sees its proof, and ends without a commit.
async fn open_before_commit(hand: &Hand, pair: &Pair) {
    hand.lock().await;
    hand.drain().await;
    hand.open(&hand.a).await;
    stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
}

/// The rest of the fence as it should be, but for what is on its way.
async fn close_and_open(hand: &Hand, drains: bool) {
    hand.lock().await;
    if drains {
        hand.drain().await;
    }
    // In place of F6: far ahead of what is on its way.
    hand.t.batch_execute("SELECT setval('app.entry_id_seq', 1000000)").await.unwrap();
    hand.run(&hand.a, &Stmt::F8Close, "").await;
    hand.open(&hand.b).await;
}

/// Waits until the target has all that the source has written.
async fn arrives(hand: &Hand, pair: &Pair) {
    let name = stream::publication(&pair.spec.migration);
    let there = "SELECT confirmed_flush_lsn >= $1::text::pg_lsn FROM pg_replication_slots WHERE slot_name = $2";
    let now: String = hand.b.query_one("SELECT pg_current_wal_flush_lsn()::text", &[]).await.unwrap().get(0);
    eventually("what was on its way arrives", ARRIVES, || async {
        hand.b.query_one(there, &[&now, &name]).await.unwrap().get(0)
    })
    .await;
}

/// The stream goes; how much of it is left.
async fn end_stream(weakness: Weakness, pair: &Pair) -> usize {
    let (source, target) = (pair.source.admin().await, pair.target.admin().await);
    let migration = &pair.spec.migration;
    let name = stream::publication(migration);
    if weakness == Weakness::SlotStays {
        for part in ["DISABLE", "SET (slot_name = NONE)"] {
            target.batch_execute(&format!("ALTER SUBSCRIPTION {name} {part}")).await.unwrap();
        }
    }
    stream::stop(migration, &pair.source, &pair.target).await;
    let mut left = 0;
    for client in [&source, &target] {
        left += judge::of_the_migration(migration, client).await.len();
    }
    // The database can't go while it has a slot.
    let drop =
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active";
    let free = || async { source.execute(drop, &[&name]).await.is_ok() };
    eventually("the slot can be dropped", ARRIVES, free).await;
    left
}

/// Whether the loss comes about must not depend on who is quicker.
async fn stand_still(hand: &Hand, pair: &Pair, still: bool) {
    let verb = if still { "DISABLE" } else { "ENABLE" };
    let name = stream::publication(&pair.spec.migration);
    hand.t.batch_execute(&format!("ALTER SUBSCRIPTION {name} {verb}")).await.unwrap();
}
