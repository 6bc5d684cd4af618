//! The workers of one copy, side by side.
//!
//! In: the snapshot's name, the ranges. Out: every range on the target. The first error that can't be helped ends all
//! of them at once: dropping a worker ends its transaction. They share one task; the sockets have tasks of their own.

use super::Progress;
use super::governor::govern;
use super::keeper::Snapshot;
use super::queue::Queue;
use super::range::Range;
use super::tally::Tally;
use super::throttle::Throttle;
use super::worker::{Ended, Shared};
use crate::inspect::Inventory;
use crate::step::{Job, StepError, chain};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::time::Instant;

/// Copies all `ranges` of the snapshot.
pub(super) async fn copy(
    job: &Job,
    inventory: &Inventory,
    snapshot: &Snapshot,
    ranges: &[Range],
    progress: &dyn Progress,
) -> Result<(), StepError> {
    let shared = Shared {
        job,
        inventory,
        snapshot: &snapshot.name,
        queue: Queue::new(ranges),
        throttle: Throttle::new(job.spec.copy.max_bytes_per_second, Instant::now()),
        tally: Tally::new(&inventory.tables, &snapshot.extents, ranges, progress),
    };
    let count = (job.spec.copy.workers as usize).min(ranges.len());
    tokio::select! {
        copied = all(&shared, count) => copied,
        never = govern(job, &shared.throttle, progress) => match never {},
    }
}

/// `count` workers, until nothing is left to do.
async fn all(shared: &Shared<'_>, count: usize) -> Result<(), StepError> {
    let mut workers: FuturesUnordered<_> = (0..count).map(|_| shared.work()).collect();
    let mut left = None;
    while let Some(ended) = workers.next().await {
        if let Ended::Left(error) = ended? {
            tracing::warn!(migration = shared.job.id(), error = chain(&error), "one copy worker less");
            left = Some(error);
        }
    }
    match left {
        Some(error) if !shared.queue.is_drained() => Err(error),
        _ => Ok(()),
    }
}
