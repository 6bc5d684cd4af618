//! Work on the database that is done once for many calls. In come keys, one for each call; out goes each call's own answer. See `docs/adr/0037`.
//!
//! A call that finds nobody at work goes at once, alone. Calls that come while batches are under way wait, and go together as soon as one of them ends: so the
//! batches grow with the load and nobody waits for a clock. How large a batch is, how many are under way and how many calls wait is bounded. Who asks for the same
//! in one batch shares the work.
//!
//! A call waits no longer than its request has time. A batch has as long as the one of its calls that has the longest, goes on when a caller goes away, and leaves
//! those out who went before it began. Must not be given work that isn't harmless to do twice, nor what one caller may see and another may not: a batch
//! is the service's own work.

mod turn;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::http::context;
use crate::metrics::PoolMetrics;
use crate::pool::{DbError, WAIT, WITHOUT_REQUEST};
use crate::problem::Problem;
use crate::problem::catalogue::{AT_CAPACITY, DATABASE_UNAVAILABLE, INTERNAL};
use turn::Call;

/// Kept of a call's time for saying that it is over. Less than the pool keeps, so that who waits for the pool's word on a batch hears it.
const ANSWERING: Duration = Duration::from_millis(10);

/// What is asked, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<K> {
    /// What is asked.
    pub key: K,
    /// The request that asks. Of several that ask the same, the first.
    pub request: Option<String>,
}

/// Work that is done for many at once.
pub trait Batched: Send + Sync + 'static {
    /// What is asked. Equal keys of a batch are one.
    type Key: Ord + Send + Sync + 'static;
    /// What is answered.
    type Answer: Send + 'static;
    /// How all of it may fail.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Names the batches in the metrics.
    const NAME: &'static str;

    /// Does the work for keys that are distinct and come in their order, so that what several batches lock is locked in one order. Out: an answer for each, in the
    /// same order; another number of them is a bug, and nobody's answer. Runs with the time of the caller who has the most.
    ///
    /// # Errors
    /// Everybody's, unless [`Batched::is_of_one`] says otherwise.
    fn work(&self, asked: &[Asked<Self::Key>]) -> impl Future<Output = Result<Vec<Self::Answer>, Self::Error>> + Send;

    /// What is answered to others who asked for the same in the same batch.
    fn again(answer: &Self::Answer) -> Self::Answer;

    /// Whether an error is the fault of one key among many, and tells nothing about the others: then each is worked on by itself.
    fn is_of_one(error: &Self::Error) -> bool;
}

/// How much there may be of batches. 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Calls of one batch.
    pub size: usize,
    /// Batches that are under way at once.
    pub at_once: usize,
    /// Calls that wait for a batch.
    pub waiting: usize,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum BatchError<E: std::error::Error + 'static> {
    /// As many calls wait as may. Nothing was done for this one.
    #[error("as many calls wait for a batch as may")]
    Full,
    /// The time of the call is over.
    #[error("no answer of a batch in the time the call had")]
    Late,
    /// The batch ended without a word: a bug, or the end of the process.
    #[error("a batch ended without an answer")]
    Lost,
    /// The batch failed.
    #[error("a batch failed")]
    Failed(#[source] Arc<E>),
}

impl<E: std::error::Error + 'static> Clone for BatchError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Full => Self::Full,
            Self::Late => Self::Late,
            Self::Lost => Self::Lost,
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
        }
    }
}

impl From<BatchError<DbError>> for Problem {
    fn from(error: BatchError<DbError>) -> Self {
        match error {
            BatchError::Full => Self::new(AT_CAPACITY).detail("too many calls wait for the database").retry_after(1),
            BatchError::Late => Self::new(DATABASE_UNAVAILABLE).retry_after(1),
            BatchError::Lost => Self::new(INTERNAL),
            BatchError::Failed(error) => Self::from(&*error),
        }
    }
}

/// Takes calls and gathers them. Clones share the batches, which go on until the last clone is gone and every call has its answer.
pub struct Batcher<B: Batched> {
    queue: mpsc::Sender<Call<B>>,
}

impl<B: Batched> Clone for Batcher<B> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<B: Batched> std::fmt::Debug for Batcher<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batcher").field("name", &B::NAME).finish_non_exhaustive()
    }
}

impl<B: Batched> Batcher<B> {
    /// Starts the tasks that do the work, so it has to be called on a runtime.
    #[must_use]
    pub fn new(work: B, bounds: Bounds, metrics: &PoolMetrics) -> Self {
        let (queue, calls) = mpsc::channel(bounds.waiting.max(1));
        let (work, calls) = (Arc::new(work), Arc::new(Mutex::new(calls)));
        for _ in 0..bounds.at_once.max(1) {
            let sizes = metrics.batches.with_label_values(&[B::NAME]);
            tokio::spawn(turn::keep(Arc::clone(&work), Arc::clone(&calls), bounds.size.max(1), sizes));
        }
        Self { queue }
    }

    /// The answer to one call. Whoever stops waiting for it leaves the others theirs.
    ///
    /// # Errors
    /// See [`BatchError`].
    pub async fn ask(&self, key: B::Key) -> Result<B::Answer, BatchError<B::Error>> {
        let _waiting = context::waiting(WAIT);
        let deadline = context::deadline().unwrap_or_else(|| Instant::now() + WITHOUT_REQUEST);
        let (answer, answered) = oneshot::channel();
        let asked = Asked { key, request: context::request_id() };
        if let Err(refused) = self.queue.try_send(Call { asked, deadline, answer }) {
            return Err(match refused {
                TrySendError::Full(_) => BatchError::Full,
                TrySendError::Closed(_) => BatchError::Lost,
            });
        }
        match timeout_at(deadline.checked_sub(ANSWERING).unwrap_or(deadline), answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(BatchError::Lost),
            Err(_) => Err(BatchError::Late),
        }
    }
}

#[cfg(test)]
mod tests;
