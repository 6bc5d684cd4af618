//! How fast the workers may copy together: a token bucket in bytes.
//!
//! In: bytes that are about to be sent, the time. Out: how long to wait before. All workers share one.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What has been saved up at most, as time: a pause is not made up for by a burst.
const BURST: Duration = Duration::from_millis(100);

/// See the file's header.
pub(super) struct Throttle {
    /// Bytes per second and the moment up to which they have been spent; none: no limit.
    bucket: Option<Mutex<Bucket>>,
}

struct Bucket {
    rate: u64,
    spent_to: Instant,
}

impl Throttle {
    /// `rate` in bytes per second; none is no limit.
    pub(super) fn new(rate: Option<u64>, now: Instant) -> Self {
        Self { bucket: rate.map(|rate| Mutex::new(Bucket { rate, spent_to: now })) }
    }

    /// Waits until `bytes` may be sent.
    pub(super) async fn spend(&self, bytes: usize) {
        let wait = self.bucket.as_ref().map_or(Duration::ZERO, |bucket| {
            bucket.lock().unwrap_or_else(PoisonError::into_inner).take(bytes, Instant::now())
        });
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

impl Bucket {
    fn take(&mut self, bytes: usize, now: Instant) -> Duration {
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let begin = self.spent_to.max(earliest);
        self.spent_to = begin + Duration::from_secs_f64(bytes as f64 / self.rate.max(1) as f64);
        self.spent_to.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_they_keep_to_the_rate() {
        let begin = Instant::now();
        let mut bucket = Bucket { rate: 1_000_000, spent_to: begin };
        let waits: Vec<_> = (0..4).map(|_| bucket.take(250_000, begin).as_millis()).collect();
        assert_eq!(waits, [250, 500, 750, 1000], "four workers at once wait for one another");
        let later = begin + Duration::from_secs(1);
        assert_eq!(bucket.take(500_000, later).as_millis(), 500);
    }

    #[test]
    fn a_pause_is_not_made_up_for() {
        let begin = Instant::now();
        let mut bucket = Bucket { rate: 1_000_000, spent_to: begin };
        let later = begin + Duration::from_secs(3600);
        assert_eq!(bucket.take(100_000, later), Duration::ZERO);
        assert_eq!(bucket.take(100_000, later).as_millis(), 100);
    }

    #[tokio::test]
    async fn without_a_rate_nobody_waits() {
        use futures::FutureExt;
        assert!(Throttle::new(None, Instant::now()).spend(usize::MAX).now_or_never().is_some());
    }
}
