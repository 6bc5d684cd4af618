//! An instant that may change while others look at it. In: an instant, or none. Out: whether it is still to come. Without a lock, in steps of a
//! millisecond. Pure.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// What is counted from.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
/// Never.
const NEVER: u64 = u64::MAX;

/// See the file's header.
#[derive(Debug)]
pub(super) struct Moment(AtomicU64);

impl Moment {
    /// One that was.
    pub(super) const fn past() -> Self {
        Self(AtomicU64::new(0))
    }

    /// One that doesn't come.
    pub(super) const fn never() -> Self {
        Self(AtomicU64::new(NEVER))
    }

    pub(super) fn set(&self, at: Instant) {
        self.0.store(millis(at), Ordering::Relaxed);
    }

    pub(super) fn set_never(&self) {
        self.0.store(NEVER, Ordering::Relaxed);
    }

    /// Sets it if it would never come.
    pub(super) fn set_once(&self, at: Instant) {
        // One that comes stays as it is.
        let _ = self.0.compare_exchange(NEVER, millis(at), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether it is still to come at `now`.
    pub(super) fn is_after(&self, now: Instant) -> bool {
        millis(now) < self.0.load(Ordering::Relaxed)
    }
}

fn millis(at: Instant) -> u64 {
    let since = at.saturating_duration_since(*BEGINNING);
    u64::try_from(since.as_millis()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_is_to_come_until_it_comes() {
        let (now, step) = (Instant::now() + Duration::from_secs(1), Duration::from_secs(1));
        assert!(!Moment::past().is_after(now) && Moment::never().is_after(now + 1000 * step));
        let moment = Moment::never();
        moment.set_once(now + step);
        moment.set_once(now + 2 * step);
        assert!(moment.is_after(now) && !moment.is_after(now + step), "the first stays");
        moment.set(now);
        assert!(!moment.is_after(now));
        moment.set_never();
        assert!(moment.is_after(now + 1000 * step));
    }
}
