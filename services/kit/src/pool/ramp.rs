//! Slow start on a side that requests have just moved to: one at first, one more for each that ends, until the pool's
//! own limit is reached. Everything that waited out a cutover would otherwise arrive at once, on a server whose processes
//! are cold, and all of it would be answered late instead of most of it soon. In come attempts; out go turns.
//! Must not refuse anybody, nor hold anybody up once requests flow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant, timeout_at};

/// How many may begin at once. One: there are as many of these as there are pods.
const FIRST: u32 = 1;
/// Nobody waits longer for a turn: those who have one may be waiting for something else than the database.
const PATIENCE: Duration = Duration::from_millis(50);

/// Who may begin.
#[derive(Debug)]
pub(crate) struct Ramp {
    turns: Arc<Semaphore>,
    /// Turns still to be added, one with each that ends.
    missing: AtomicU32,
}

/// Permission for one attempt; makes room for others when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    ramp: Arc<Ramp>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Ramp {
    /// A ramp that ends at `limit` attempts at once.
    pub(crate) fn new(limit: u32) -> Self {
        Self { turns: Arc::new(Semaphore::new(FIRST as usize)), missing: AtomicU32::new(limit.saturating_sub(FIRST)) }
    }

    /// Waits for a turn, not for long and not beyond `deadline`; not at all when the ramp has been climbed.
    pub(crate) async fn turn(self: Arc<Self>, deadline: Instant) -> Turn {
        let until = deadline.min(Instant::now() + PATIENCE);
        let permit = match self.missing.load(Ordering::Acquire) {
            0 => None,
            _ => timeout_at(until, Arc::clone(&self.turns).acquire_owned()).await.ok().and_then(Result::ok),
        };
        Turn { ramp: self, _permit: permit }
    }
}

impl Default for Ramp {
    /// One that has been climbed.
    fn default() -> Self {
        Self::new(0)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let climbed =
            self.ramp.missing.fetch_update(Ordering::AcqRel, Ordering::Acquire, |missing| missing.checked_sub(1));
        if climbed == Ok(1) {
            // The last step: whoever still waits goes, and nobody waits again.
            self.ramp.turns.add_permits(Semaphore::MAX_PERMITS / 2);
        } else if climbed.is_ok() {
            self.ramp.turns.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    fn take(ramp: &Arc<Ramp>) -> Option<Turn> {
        Arc::clone(ramp).turn(later()).now_or_never()
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let ramp = Arc::new(Ramp::new(8));
        let held: Vec<Turn> = futures::future::join_all((0..5).map(|_| Arc::clone(&ramp).turn(later()))).await;
        assert_eq!(held.len(), 5);
    }

    #[tokio::test]
    async fn begins_with_one_doubles_and_ends() {
        let ramp = Arc::new(Ramp::new(8));
        let mut running: Vec<Turn> = vec![];
        for expected in [1, 2, 4, 20] {
            running.clear();
            running.extend(std::iter::from_fn(|| take(&ramp)).take(20));
            assert_eq!(running.len(), expected, "twice as many each time, and at the limit nobody waits any more");
        }
        assert!(take(&Arc::default()).is_some());
    }
}
