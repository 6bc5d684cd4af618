//! The ranges that are still to be copied, shared by the workers.
//!
//! In: ranges. Out: one after another to whoever asks; a range whose worker has failed comes back and is given to the
//! next. It is drained once every range has been done, not once the last has been taken.

use super::range::Range;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A range in the hands of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// Which.
    pub(super) range: Range,
    /// How often it has failed so far.
    pub(super) failures: u32,
}

/// See the file's header.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    waiting: VecDeque<Task>,
    taken: usize,
}

impl Queue {
    pub(super) fn new(ranges: &[Range]) -> Self {
        let waiting = ranges.iter().map(|&range| Task { range, failures: 0 }).collect();
        Self { state: Mutex::new(State { waiting, taken: 0 }), changed: Notify::new() }
    }

    /// The next range; waits while others hold the last ones, since they may fail. None once it is drained.
    pub(super) async fn take(&self) -> Option<Task> {
        loop {
            let changed = self.changed.notified();
            {
                let mut state = self.lock();
                if let Some(task) = state.waiting.pop_front() {
                    state.taken += 1;
                    return Some(task);
                }
                if state.taken == 0 {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// A range that was taken is on the target.
    pub(super) fn done(&self) {
        self.lock().taken -= 1;
        self.changed.notify_waiters();
    }

    /// A range that was taken has failed: it comes last, so that it isn't tried by one worker after another in a moment.
    pub(super) fn give_back(&self, task: Task) {
        let mut state = self.lock();
        state.taken -= 1;
        state.waiting.push_back(Task { failures: task.failures + 1, ..task });
        drop(state);
        self.changed.notify_waiters();
    }

    pub(super) fn is_drained(&self) -> bool {
        let state = self.lock();
        state.waiting.is_empty() && state.taken == 0
    }

    /// Ends once it is drained.
    pub(super) async fn drained(&self) {
        loop {
            let changed = self.changed.notified();
            if self.is_drained() {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn queue(ranges: i64) -> Queue {
        let range = |number| Range { table: 0, number, from: 0, to: None };
        Queue::new(&(0..ranges).map(range).collect::<Vec<_>>())
    }

    #[tokio::test]
    async fn who_finds_nothing_waits_until_the_others_have_finished() {
        let queue = queue(2);
        let (first, second) = (queue.take().await.unwrap(), queue.take().await.unwrap());
        assert_eq!((first.range.number, second.range.number), (0, 1));
        let mut third = Box::pin(queue.take());
        assert!(third.as_mut().now_or_never().is_none(), "the first may still fail");
        queue.done();
        assert!(third.as_mut().now_or_never().is_none() && !queue.is_drained());
        queue.give_back(first);
        assert_eq!(third.await, Some(Task { failures: 1, ..first }));
        assert!(queue.drained().now_or_never().is_none());
        queue.done();
        assert!(queue.is_drained() && queue.drained().now_or_never().is_some());
        assert_eq!(queue.take().await, None);
    }

    #[tokio::test]
    async fn an_empty_queue_is_drained() {
        assert!(queue(0).is_drained() && queue(0).take().await.is_none());
    }
}
