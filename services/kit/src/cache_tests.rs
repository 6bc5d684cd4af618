//! A cache in time that stands still unless a test moves it.

use super::*;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

#[derive(Debug, thiserror::Error)]
#[error("away")]
struct Away;

/// Another service: counts its calls, answers with the number of the call, and can be away.
#[derive(Clone, Default)]
struct Other {
    calls: Arc<AtomicU32>,
    away: Arc<AtomicBool>,
}

type Loading = Pin<Box<dyn Future<Output = Result<u32, Away>> + Send>>;

impl Other {
    fn load(&self) -> impl FnOnce() -> Loading + Send + 'static {
        let other = self.clone();
        move || {
            Box::pin(async move {
                let call = other.calls.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::task::yield_now().await;
                if other.away.load(Ordering::Relaxed) { Err(Away) } else { Ok(call) }
            })
        }
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    fn go(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }
}

/// A cache and its time.
struct World {
    cache: Cache<&'static str, u32>,
    milliseconds: Arc<AtomicU64>,
    metrics: Metrics,
}

impl World {
    fn new() -> Self {
        let bounds = Bounds { soft: Duration::from_secs(10), hard: Duration::from_secs(100), capacity: 10 };
        let (metrics, milliseconds, begin) = (Metrics::new().unwrap(), Arc::new(AtomicU64::new(0)), Instant::now());
        let passed = Arc::clone(&milliseconds);
        let clock = Arc::new(move || begin + Duration::from_millis(passed.load(Ordering::Relaxed)));
        Self { cache: Cache { clock, ..Cache::new("test", bounds, &metrics) }, milliseconds, metrics }
    }

    fn pass(&self, time: Duration) {
        self.milliseconds.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    async fn get(&self, other: &Other) -> Option<u32> {
        self.cache.get("key", other.load()).await.ok()
    }

    fn counted(&self, outcome: &str) -> u64 {
        let line = format!("rerp_cache_lookups_total{{cache=\"test\",outcome=\"{outcome}\"}} ");
        let page = self.metrics.page().unwrap();
        page.lines().find_map(|text| text.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
    }
}

/// Waits for what runs behind an answer.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_fresh_value_costs_nothing_and_an_old_one_is_renewed_behind_the_answer() {
    let (world, other) = (World::new(), Other::default());
    assert_eq!((world.get(&other).await, world.get(&other).await, other.calls()), (Some(1), Some(1), 1));
    world.pass(Duration::from_secs(12));
    let mut seen = world.get(&other).await;
    assert_eq!(seen, Some(1), "answered at once");
    let deadline = Instant::now() + Duration::from_secs(20);
    while seen == Some(1) && Instant::now() < deadline {
        tokio::task::yield_now().await;
        seen = world.get(&other).await;
    }
    assert_eq!((seen, other.calls()), (Some(2), 2));
}

#[tokio::test]
async fn while_the_other_is_away_an_old_value_stays_up_to_its_bound_and_is_asked_for_seldom() {
    let (world, other) = (World::new(), Other::default());
    world.get(&other).await;
    other.go(true);
    world.pass(Duration::from_secs(20));
    for turn in 0..50 {
        assert_eq!(world.get(&other).await, Some(1));
        if turn == 0 || turn == 40 {
            until("a load behind the answer fails", || world.counted("kept") > u64::from(turn == 40)).await;
        }
        world.pass(Duration::from_millis(25));
    }
    assert_eq!(other.calls(), 3, "the first load, and two tries in a second and a quarter");
    world.pass(Duration::from_secs(80));
    assert_eq!(world.get(&other).await, None, "too old to be answered");
    other.go(false);
    assert!(world.get(&other).await.is_some(), "a failure is not kept");
}

#[tokio::test]
async fn many_who_wait_are_one_load_and_share_its_failure() {
    let (world, other) = (World::new(), Other::default());
    other.go(true);
    let all = futures::future::join_all((0..20).map(|_| world.get(&other))).await;
    assert_eq!((all.iter().flatten().count(), other.calls()), (0, 1));
    other.go(false);
    let all = futures::future::join_all((0..20).map(|_| world.get(&other))).await;
    assert_eq!((all.iter().filter(|value| **value == Some(2)).count(), other.calls()), (20, 2));
    world.pass(Duration::from_secs(12));
    futures::future::join_all((0..20).map(|_| world.get(&other))).await;
    assert_eq!((world.counted("renewed"), world.counted("hit")), (1, 19), "behind the answers, too");
}

#[tokio::test]
async fn it_is_bounded() {
    let metrics = Metrics::new().unwrap();
    let bounds = Bounds { soft: Duration::from_secs(10), hard: Duration::from_secs(100), capacity: 10 };
    let cache = Cache::new("test", bounds, &metrics);
    for key in 0..1000 {
        cache.get(key, async move || Ok::<_, Away>(key)).await.unwrap();
    }
    cache.entries.run_pending_tasks().await;
    assert!(cache.entries.entry_count() <= 10, "{} entries", cache.entries.entry_count());
}
