//! How fast the workers may copy together: a token bucket in bytes, whose rate may change.
//!
//! In: bytes that are about to be sent, the time. Out: how long to wait before, and how much has been sent. All workers share one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What has been saved up at most, as time: a pause is not made up for by a burst.
const BURST: Duration = Duration::from_millis(100);

/// See the file's header.
pub(super) struct Throttle(Mutex<Bucket>);

struct Bucket {
    /// Bytes per second; none is no limit.
    rate: Option<u64>,
    /// The moment up to which it has been spent.
    spent_to: Instant,
    /// Bytes, ever.
    spent: u64,
}

impl Throttle {
    /// `rate` in bytes per second; none is no limit.
    pub(super) fn new(rate: Option<u64>, now: Instant) -> Self {
        Self(Mutex::new(Bucket { rate, spent_to: now, spent: 0 }))
    }

    /// Another rate, from now on. Whoever waits already has been told how long.
    pub(super) fn set(&self, rate: Option<u64>) {
        self.lock().rate = rate;
    }

    /// Bytes that have been let through so far.
    pub(super) fn spent(&self) -> u64 {
        self.lock().spent
    }

    /// Waits until `bytes` may be sent.
    pub(super) async fn spend(&self, bytes: usize) {
        let wait = self.lock().take(bytes, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Bucket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn take(&mut self, bytes: usize, now: Instant) -> Duration {
        self.spent = self.spent.saturating_add(bytes as u64);
        let Some(rate) = self.rate else {
            self.spent_to = now;
            return Duration::ZERO;
        };
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let begin = self.spent_to.max(earliest);
        self.spent_to = begin + Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64);
        self.spent_to.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(now: Instant) -> Bucket {
        Bucket { rate: Some(1_000_000), spent_to: now, spent: 0 }
    }

    #[test]
    fn together_they_keep_to_the_rate() {
        let begin = Instant::now();
        let mut bucket = bucket(begin);
        let waits: Vec<_> = (0..4).map(|_| bucket.take(250_000, begin).as_millis()).collect();
        assert_eq!(waits, [250, 500, 750, 1000], "four workers at once wait for one another");
        let later = begin + Duration::from_secs(1);
        assert_eq!(bucket.take(500_000, later).as_millis(), 500);
        assert_eq!(bucket.spent, 1_500_000);
    }

    #[test]
    fn a_pause_is_not_made_up_for() {
        let begin = Instant::now();
        let mut bucket = bucket(begin);
        let later = begin + Duration::from_secs(3600);
        assert_eq!(bucket.take(100_000, later), Duration::ZERO);
        assert_eq!(bucket.take(100_000, later).as_millis(), 100);
    }

    #[test]
    fn another_rate_holds_from_now_on() {
        let begin = Instant::now();
        let mut bucket = bucket(begin);
        assert_eq!(bucket.take(1_000_000, begin).as_millis(), 1000);
        bucket.rate = None;
        assert_eq!(bucket.take(usize::MAX, begin), Duration::ZERO, "what was owed is forgiven");
        bucket.rate = Some(2_000_000);
        assert_eq!(bucket.take(1_000_000, begin).as_millis(), 500);
    }

    #[tokio::test]
    async fn without_a_rate_nobody_waits() {
        use futures::FutureExt;
        assert!(Throttle::new(None, Instant::now()).spend(usize::MAX).now_or_never().is_some());
    }
}
