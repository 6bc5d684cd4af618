//! Cutovers under writers: what was acknowledged is on the open side, once and in order, and never are both sides open.

use crate::support::check::{self, Verdict};
use crate::support::pair::Pair;
use crate::support::probe::Probe;
use crate::support::route::Route;
use crate::support::side::unique;
use crate::support::stream;
use crate::support::writer::{Load, Writers};
use rerp_split::fence::{CutoverReport, cutover, recover};
use rerp_split::fence::{Drive, Stmt};
use std::time::{Duration, Instant};

/// How many cutovers the round trip makes; more by hand, for the published figures.
fn rounds() -> usize {
    std::env::var("RERP_CUTOVERS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

async fn switch(pair: &Pair) -> CutoverReport {
    let (source, target) = pair.endpoints();
    cutover(&pair.config(), &source, &target).await.unwrap()
}

/// There and back again, each way as a migration of its own, the writers never stopping.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn repeated_cutovers_under_load_lose_double_and_reorder_nothing() {
    let mut pair = Pair::create("rounds").await;
    let sides = [pair.source.clone(), pair.target.clone()];
    let writers = Writers::start(Route::new(sides.clone(), 0), Load::default()).await;
    let probe = Probe::start(sides.clone());
    let (mut pauses, mut gaps) = (Vec::new(), Vec::new());
    for round in 0..rounds() {
        if round > 0 {
            pair = Pair::between(pair.target.clone(), pair.source.clone(), &unique("back")).await;
        }
        pair.stream().await;
        writers.more(300).await;
        let begun = Instant::now();
        let report = switch(&pair).await;
        writers.more(300).await;
        let gap = writers.ledger.longest_gap(begun, Instant::now());
        eprintln!("round {round}: gap {gap:?} {report:?}");
        assert_eq!(report.epoch, round as i64 + 1);
        pauses.push(report.write_pause_ms);
        gaps.push(gap.as_secs_f64() * 1000.0);
        stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
    }
    let ledger = writers.stop().await;
    let (asked, both) = probe.stop().await;
    let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
    eprintln!(
        "{} cutovers: pause median {:.0} max {:.0} ms, gap seen by writers median {:.0} max {:.0} ms, {verdict:?}, {asked} probes, errors {:?}",
        pauses.len(),
        median(pauses.clone()),
        pauses.iter().copied().fold(0.0, f64::max),
        median(gaps.clone()),
        gaps.iter().copied().fold(0.0, f64::max),
        ledger.errors()
    );
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!(both, 0, "both sides were open");
    assert!(asked > 100, "the checker asked only {asked} times");
}

/// A run that stops before `stop` says so, as a worker that is killed does.
async fn run_until(pair: &Pair, stop: impl Fn(&Stmt) -> bool) -> Option<CutoverReport> {
    let (source, target) = pair.endpoints();
    let mut drive = Drive::new(&pair.config(), &source, &target, false);
    loop {
        if drive.next().is_some_and(&stop) {
            return None;
        }
        if !drive.turn().await {
            return drive.finish().unwrap();
        }
    }
}

async fn killed_before(what: &str, stop: fn(&Stmt) -> bool) -> (Verdict, u64, bool) {
    let mut pair = Pair::create("killed").await;
    let sides = [pair.source.clone(), pair.target.clone()];
    let load = Load { writers: 8, slow: 1, longest: Duration::from_millis(500), ..Load::default() };
    let writers = Writers::start(Route::new(sides.clone(), 0), load).await;
    let probe = Probe::start(sides);
    pair.stream().await;
    writers.more(100).await;
    assert!(run_until(&pair, stop).await.is_none(), "{what} never came");
    writers.more(20).await;
    pair.claim().await;
    let report = switch(&pair).await;
    writers.more(100).await;
    let ledger = writers.stop().await;
    let (_, both) = probe.stop().await;
    let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
    stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
    (verdict, both, report.recovered)
}

macro_rules! killed {
    ($($name:ident: $stop:expr, $recovered:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let (verdict, both, recovered) = killed_before(stringify!($name), $stop).await;
            assert!(verdict.is_clean(), "{verdict:?}");
            assert_eq!(both, 0, "both sides were open");
            assert_eq!(recovered, $recovered);
        }
    )*};
}

killed! {
    killed_before_arming: |stmt| matches!(stmt, Stmt::F2Arm(_)), false;
    killed_before_the_lock: |stmt| matches!(stmt, Stmt::F3Lock), false;
    killed_with_the_lock: |stmt| matches!(stmt, Stmt::F4Check), false;
    killed_while_draining: |stmt| matches!(stmt, Stmt::F5Look(_)), false;
    killed_before_sequences_are_set: |stmt| matches!(stmt, Stmt::F6Set(_)), false;
    killed_before_the_flush: |stmt| matches!(stmt, Stmt::F7Flush { .. }), false;
    killed_before_closing: |stmt| matches!(stmt, Stmt::F8Close), false;
    killed_after_closing: |stmt| matches!(stmt, Stmt::F9Proof), true;
    killed_before_opening: |stmt| matches!(stmt, Stmt::F9Open(_)), true;
    killed_before_tidying: |stmt| matches!(stmt, Stmt::F10Tidy), true;
}

/// The worker is gone after F8: the first client that is refused opens the target.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_open_the_target_when_the_worker_is_gone() {
    let pair = Pair::create("orphan").await;
    let sides = [pair.source.clone(), pair.target.clone()];
    let writers = Writers::start(Route::new(sides, 0), Load { slow: 0, ..Load::default() }).await;
    pair.stream().await;
    writers.more(100).await;
    assert!(run_until(&pair, |stmt| matches!(stmt, Stmt::F9Proof)).await.is_none());
    writers.more(200).await;
    assert_eq!(writers.route.opened_by_client(), 1);
    let (source, target) = pair.endpoints();
    let report = recover(&pair.config(), &source, &target).await.unwrap();
    assert!(report.is_some_and(|report| report.recovered && report.epoch == 1));
    let ledger = writers.stop().await;
    let verdict = check::compare(&pair.target.admin().await, &ledger.acks()).await;
    assert!(verdict.is_clean(), "{verdict:?}");
    stream::stop(&pair.spec.migration, &pair.source, &pair.target).await;
}
