//! Workers killed at any moment, frozen, doubled; servers killed around every decision. The way out is always the same:
//! a worker that reads the rows. Writers never stop, and the ledger must agree at the end.

use crate::support::cluster::Cluster;
use crate::support::pair::Pair;
use crate::support::probe::Probe;
use crate::support::route::Route;
use crate::support::writer::{Load, Writers};
use crate::support::{check, stream};
use rand::RngExt;
use rerp_split::fence::{Drive, FenceError, Stmt, cutover};
use std::sync::Arc;
use std::time::Duration;

fn load() -> Load {
    Load { writers: 8, slow: 1, longest: Duration::from_millis(500), ..Load::default() }
}

/// A fence that has got as far as `stop`.
async fn drive_until(pair: &Pair, stop: impl Fn(&Stmt) -> bool) -> Drive {
    let (source, target) = pair.endpoints();
    let mut drive = Drive::new(&pair.config(), &source, &target, false);
    while !drive.next().is_some_and(&stop) {
        assert!(drive.turn().await, "it ended before it came so far");
    }
    drive
}

/// Killed again and again after a random time, statements under way included, until one worker gets through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_killed_at_random_moments_lose_nothing() {
    for _ in 0..6 {
        let mut pair = Pair::create("random").await;
        let sides = [pair.source.clone(), pair.target.clone()];
        let writers = Writers::start(Route::new(sides.clone(), 0), load()).await;
        let probe = Probe::start(sides);
        pair.stream().await;
        writers.more(50).await;
        let mut killed = 0;
        let report = loop {
            let (source, target) = pair.endpoints();
            let cfg = pair.config();
            let worker = tokio::spawn(async move { cutover(&cfg, &source, &target).await });
            // Each lives a little longer, so that all parts of the way are hit on quick and on slow machines.
            let life = if killed < 8 { rand::rng().random_range(1..16) * (killed + 1) } else { 60_000 };
            let abort = worker.abort_handle();
            match tokio::time::timeout(Duration::from_millis(life), worker).await {
                Ok(done) => break done.unwrap().unwrap(),
                Err(_) => abort.abort(),
            }
            killed += 1;
            pair.claim().await;
        };
        assert!(report.epoch == 1 && killed > 0, "{report:?} after {killed} kills");
        writers.more(50).await;
        let ledger = writers.stop().await;
        let (_, both) = probe.stop().await;
        let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
        eprintln!("killed {killed} times, {report:?}, {verdict:?}");
        assert!(verdict.is_clean(), "{verdict:?}");
        assert_eq!(both, 0, "both sides were open");
        stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
    }
}

/// A worker freezes, another one finishes, the first wakes up: it must not change anything any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_worker_that_wakes_up_changes_nothing() {
    let places: [fn(&Stmt) -> bool; 6] = [
        |stmt| matches!(stmt, Stmt::F1Begin { .. }),
        |stmt| matches!(stmt, Stmt::F2Arm(_)),
        |stmt| matches!(stmt, Stmt::F3Lock),
        |stmt| matches!(stmt, Stmt::F7Flush { .. }),
        |stmt| matches!(stmt, Stmt::F8Close),
        |stmt| matches!(stmt, Stmt::F9Open(_)),
    ];
    for place in places {
        let mut pair = Pair::create("frozen").await;
        let sides = [pair.source.clone(), pair.target.clone()];
        let writers = Writers::start(Route::new(sides.clone(), 0), Load { slow: 0, ..load() }).await;
        let probe = Probe::start(sides);
        pair.stream().await;
        writers.more(50).await;
        let mut frozen = drive_until(&pair, place).await;
        pair.claim().await;
        let (source, target) = pair.endpoints();
        let report = cutover(&pair.config(), &source, &target).await.unwrap();
        assert_eq!(report.epoch, 1);
        let at = format!("{:?}", frozen.next());
        while frozen.turn().await {}
        // It may find the work done, or learn that it has been superseded; nothing else.
        let woken = frozen.finish();
        assert!(matches!(woken, Ok(Some(_)) | Err(FenceError::Superseded)), "frozen at {at}: {woken:?}");
        writers.more(50).await;
        let ledger = writers.stop().await;
        let (_, both) = probe.stop().await;
        let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
        assert!(verdict.is_clean(), "frozen at {at}: {verdict:?}");
        assert_eq!(both, 0, "frozen at {at}: both sides were open");
        stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
    }
}

/// A server is killed just before each of these statements and comes back; the same worker goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_around_the_decision_loses_nothing() {
    let (one, two) = (Arc::new(Cluster::start()), Arc::new(Cluster::start()));
    let places: [fn(&Stmt) -> bool; 6] = [
        |stmt| matches!(stmt, Stmt::F3Lock),
        |stmt| matches!(stmt, Stmt::F6Read),
        |stmt| matches!(stmt, Stmt::F7Flush { .. }),
        |stmt| matches!(stmt, Stmt::F8Close),
        |stmt| matches!(stmt, Stmt::F9Proof),
        |stmt| matches!(stmt, Stmt::F9Open(_)),
    ];
    for (victim, place) in places.iter().flat_map(|place| [(&one, place), (&two, place)]) {
        let pair = Pair::create_on(one.clone(), two.clone(), "server").await;
        let writers = Writers::start(
            Route::new([pair.source.clone(), pair.target.clone()], 0),
            Load { writers: 4, slow: 0, ..load() },
        )
        .await;
        pair.stream().await;
        writers.more(50).await;
        let mut drive = drive_until(&pair, place).await;
        let at = format!("{} before {:?}", if Arc::ptr_eq(victim, &one) { "source" } else { "target" }, drive.next());
        let server = victim.clone();
        tokio::task::spawn_blocking(move || {
            server.crash();
            server.boot();
        })
        .await
        .unwrap();
        while drive.turn().await {}
        let report = drive.finish();
        assert!(matches!(&report, Ok(Some(report)) if report.epoch == 1), "{at}: {report:?}");
        writers.more(30).await;
        let ledger = writers.stop().await;
        let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
        assert!(verdict.is_clean(), "{at}: {verdict:?}");
        stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
    }
}
