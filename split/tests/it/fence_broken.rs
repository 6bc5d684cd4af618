//! Fences that are broken on purpose, here and nowhere else: the ledger and the checker must see each of them.
//!
//! A test that finds nothing wrong with the real fence proves something only if it finds these.

use crate::support::hand::{Hand, InFlight};
use crate::support::ledger::Ledger;
use crate::support::pair::Pair;
use crate::support::probe::Probe;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::support::{check, stream};
use rerp_split::fence::{Drive, Stmt};
use std::time::Duration;

/// Without the lock a transaction that has already written commits after the token has gone by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_lock_an_acknowledged_write_is_lost() {
    let pair = Pair::create("nolock").await;
    pair.stream().await;
    let (hand, ledger, in_flight) = (Hand::new(&pair).await, Ledger::default(), InFlight::begin(&pair, 7).await);
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
    let (ledger, in_flight) = (Ledger::default(), InFlight::begin(&pair, 7).await);
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
    hand.lock().await;
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
    let (hand, ledger, in_flight) = (Hand::new(&pair).await, Ledger::default(), InFlight::begin(&pair, 7).await);
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
