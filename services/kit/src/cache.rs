//! Answers of other services, kept for a while, so that a service goes on while another is away. In come a key and a way to
//! load its value; out goes a value that is at most `hard` old. Must not be used for what a caller is allowed to do: that
//! must not be stale. Must not hold keys that are personal data: callers hash them.
//!
//! Up to `soft` a value is fresh. From then on it is still answered at once, and one task loads it anew behind the answer; if
//! that fails, the value stays and nobody tries again for a moment. After `hard` it counts as absent. Loads of an absent value
//! are one load, however many wait for it; its failure is theirs and is not kept.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::future::Cache as Entries;
use prometheus::IntCounterVec;

use crate::metrics::Metrics;
use crate::telemetry::chain;

/// How long nobody tries again after a load behind an answer has begun.
const HOLD_OFF: Duration = Duration::from_secs(1);

/// How long values are kept, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Age from which a value is loaded anew behind the answer. Varied by a tenth, so that values that came together don't
    /// go together.
    pub soft: Duration,
    /// Age from which a value is not answered any more.
    pub hard: Duration,
    /// The most values.
    pub capacity: u64,
}

/// A cache. Clones share it.
#[derive(Clone)]
pub struct Cache<K, V> {
    name: &'static str,
    bounds: Bounds,
    entries: Entries<K, Arc<Entry<V>>>,
    outcomes: IntCounterVec,
    /// Tests give their own.
    clock: Arc<dyn Fn() -> Instant + Send + Sync>,
}

struct Entry<V> {
    value: V,
    loaded: Instant,
    /// When the next load behind an answer may begin.
    due: Mutex<Instant>,
}

impl<K, V> std::fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("name", &self.name).field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// An empty cache; `name` is its label in the metrics.
    #[must_use]
    pub fn new(name: &'static str, bounds: Bounds, metrics: &Metrics) -> Self {
        let entries = Entries::builder().max_capacity(bounds.capacity).time_to_live(bounds.hard).build();
        Self { name, bounds, entries, outcomes: metrics.cache.clone(), clock: Arc::new(Instant::now) }
    }

    /// The value of `key`, at most `hard` old. `load` runs at most once, here or behind the answer.
    ///
    /// # Errors
    /// There is no value, and loading it failed.
    pub async fn get<E, Load, Loading>(&self, key: K, load: Load) -> Result<V, Arc<E>>
    where
        E: std::error::Error + Send + Sync + 'static,
        Load: FnOnce() -> Loading + Send + 'static,
        Loading: Future<Output = Result<V, E>> + Send + 'static,
    {
        let now = (self.clock)();
        match self.entries.get(&key).await {
            Some(entry) if now.duration_since(entry.loaded) < self.bounds.hard => {
                let claimed = entry.claim(now);
                self.count(if claimed { "renewed" } else { "hit" });
                if claimed {
                    tokio::spawn(self.clone().renew(key, load));
                }
                return Ok(entry.value.clone());
            }
            // The cache keeps time by a clock of its own; ours decides.
            Some(_) => self.entries.invalidate(&key).await,
            None => {}
        }
        self.count("miss");
        let loading = async { load().await.map(|value| self.entry(value)) };
        self.entries.try_get_with(key, loading).await.map(|entry| entry.value.clone())
    }

    async fn renew<E, Load, Loading>(self, key: K, load: Load)
    where
        E: std::error::Error,
        Load: FnOnce() -> Loading,
        Loading: Future<Output = Result<V, E>>,
    {
        match load().await {
            Ok(value) => self.entries.insert(key, self.entry(value)).await,
            Err(error) => {
                self.count("kept");
                tracing::debug!(cache = self.name, error = chain(&error), "an old value stays");
            }
        }
    }

    fn entry(&self, value: V) -> Arc<Entry<V>> {
        let loaded = (self.clock)();
        let due = loaded + self.bounds.soft.mul_f64(0.9 + rand::random::<f64>() / 5.0);
        Arc::new(Entry { value, loaded, due: Mutex::new(due) })
    }

    fn count(&self, outcome: &str) {
        self.outcomes.with_label_values(&[self.name, outcome]).inc();
    }
}

impl<V> Entry<V> {
    /// True for the one caller whose turn it is to load anew.
    fn claim(&self, now: Instant) -> bool {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let claimed = now >= *due;
        if claimed {
            *due = now + HOLD_OFF;
        }
        claimed
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
