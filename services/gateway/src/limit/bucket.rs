//! One bucket of tokens. In: a quota, and the time. Out: whether a call may go on, and what is left. Pure.
//!
//! A bucket holds `quota` tokens and refills evenly within `window`. Kept as one instant: when it will be full again. Reckoned in whole
//! nanoseconds, of which the longest window has fewer than fit in 64 bits.

use std::time::{Duration, Instant};

use crate::rates::Quota;

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// See the file's header. A new one is full.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    full_at: Instant,
}

/// What a bucket says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the call may go on; it has taken a token then.
    pub allowed: bool,
    /// Tokens that are left.
    pub left: u32,
    /// Seconds until the bucket is full again, rounded up.
    pub full_in: u32,
    /// Seconds until there is a token, rounded up and at least 1; 0 if there is one now.
    pub next_in: u32,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, quota: Quota, now: Instant) -> Verdict {
        let window = u64::from(quota.window) * SECOND;
        let one = (window / u64::from(quota.quota.max(1))).max(1);
        let ahead = nanos(self.full_at.saturating_duration_since(now));
        let allowed = ahead.saturating_add(one) <= window;
        let missing = if allowed { ahead + one } else { ahead };
        if allowed {
            self.full_at = now + Duration::from_nanos(missing);
        }
        let room = window.saturating_sub(missing);
        let left = u32::try_from(room / one).unwrap_or(u32::MAX);
        Verdict {
            allowed,
            left,
            full_in: seconds(missing),
            next_in: if left > 0 { 0 } else { seconds(one.saturating_sub(room)).max(1) },
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Whole seconds, rounded up.
fn seconds(nanos: u64) -> u32 {
    u32::try_from(nanos.div_ceil(SECOND)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { quota: 4, window: 60 };

    #[test]
    fn all_at_once_and_then_evenly() {
        let begin = Instant::now();
        let mut bucket = Bucket::new(begin);
        let left: Vec<u32> = (0..4).map(|_| bucket.take(QUOTA, begin).left).collect();
        assert_eq!(left, [3, 2, 1, 0]);
        let refused = bucket.take(QUOTA, begin);
        assert_eq!(refused, Verdict { allowed: false, left: 0, full_in: 60, next_in: 15 });
        // Refusals cost nothing: after a quarter of the window there is exactly one.
        let later = begin + Duration::from_secs(15);
        assert!(bucket.take(QUOTA, later).allowed);
        assert!(!bucket.take(QUOTA, later).allowed);
        assert_eq!(bucket.take(QUOTA, later + Duration::from_secs(3600)).left, 3, "it is full, and no fuller");
    }

    proptest::proptest! {
        #[test]
        fn no_window_sees_twice_the_quota(quota in 1u32..50, window in 1u32..100, steps in proptest::collection::vec(0u64..5000, 1..400)) {
            let quota = Quota { quota, window };
            let begin = Instant::now();
            let (mut bucket, mut at, mut taken) = (Bucket::new(begin), begin, Vec::new());
            for step in steps {
                at += Duration::from_millis(step);
                let verdict = bucket.take(quota, at);
                proptest::prop_assert_eq!(verdict.next_in == 0, verdict.left > 0);
                if verdict.allowed { taken.push(at) }
            }
            // A full bucket and what flows in during the window; the first is there once.
            let window = Duration::from_secs(window.into());
            for (at, first) in taken.iter().enumerate() {
                let within = taken[at..].iter().take_while(|time| time.duration_since(*first) < window).count();
                proptest::prop_assert!(within <= 2 * quota.quota as usize);
            }
        }
    }
}
