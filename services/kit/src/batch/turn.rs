//! One batch after the other. In come calls from the queue that all turns share; out goes an answer to each. Must not end before the queue does, whatever
//! becomes of the work.

use std::panic::AssertUnwindSafe;
use std::slice;
use std::sync::Arc;

use futures::FutureExt as _;
use prometheus::Histogram;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

use super::{Asked, BatchError, Batched};
use crate::http::context::Context;

/// What becomes of a call.
type Outcome<B> = Result<<B as Batched>::Answer, BatchError<<B as Batched>::Error>>;
/// Everybody who asked for the same.
type Callers<B> = Vec<oneshot::Sender<Outcome<B>>>;

/// A call that waits.
pub(super) struct Call<B: Batched> {
    pub(super) asked: Asked<B::Key>,
    /// When its request has to be answered.
    pub(super) deadline: Instant,
    pub(super) answer: oneshot::Sender<Outcome<B>>,
}

/// Calls that are worked on together.
struct Batch<B: Batched> {
    /// Distinct keys in their order ...
    asked: Vec<Asked<B::Key>>,
    /// ... and who asked for each.
    callers: Vec<Callers<B>>,
    /// How many.
    calls: u32,
    /// Until when somebody waits.
    deadline: Instant,
}

/// Works on batches of at most `size` calls until nobody can ask any more and nobody waits.
pub(super) async fn keep<B: Batched>(
    work: Arc<B>,
    queue: Arc<Mutex<mpsc::Receiver<Call<B>>>>,
    size: usize,
    sizes: Histogram,
) {
    loop {
        let calls = take(&queue, size).await;
        if calls.is_empty() {
            return;
        }
        if let Some(batch) = Batch::of(calls) {
            sizes.observe(f64::from(batch.calls));
            serve(work.as_ref(), batch).await;
        }
    }
}

/// What waits, at most `size`; none when nobody can ask any more. One turn at a time waits for calls.
async fn take<T>(queue: &Mutex<mpsc::Receiver<T>>, size: usize) -> Vec<T> {
    let mut taken = Vec::with_capacity(size);
    let mut queue = queue.lock().await;
    if queue.recv_many(&mut taken, size).await > 0 && taken.len() < size {
        // Whoever sends to a task that sleeps has it run next, before others who are about to send as well. They are let go first, as far as they have
        // something to do at this moment; where nobody has, this costs no time.
        yield_now().await;
        while taken.len() < size
            && let Ok(next) = queue.try_recv()
        {
            taken.push(next);
        }
    }
    taken
}

impl<B: Batched> Batch<B> {
    /// Calls whose callers are still there; none if all have gone.
    fn of(mut calls: Vec<Call<B>>) -> Option<Self> {
        calls.retain(|call| !call.answer.is_closed());
        let count = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        let deadline = calls.iter().map(|call| call.deadline).max()?;
        // Stable: of those who ask the same, the first stays the first.
        calls.sort_by(|one, other| one.asked.key.cmp(&other.asked.key));
        let mut asked: Vec<Asked<B::Key>> = Vec::with_capacity(calls.len());
        let mut callers: Vec<Callers<B>> = Vec::with_capacity(calls.len());
        for call in calls {
            let is_again = asked.last().is_some_and(|last| last.key == call.asked.key);
            match callers.last_mut().filter(|_| is_again) {
                Some(same) => same.push(call.answer),
                None => {
                    asked.push(call.asked);
                    callers.push(vec![call.answer]);
                }
            }
        }
        Some(Self { asked, callers, calls: count, deadline })
    }
}

/// Does the work of a batch and answers everybody.
async fn serve<B: Batched>(work: &B, batch: Batch<B>) {
    let Batch { asked, callers, deadline, .. } = batch;
    match attempt(work, &asked, deadline).await {
        Ok(answers) => deliver::<B>(answers, callers),
        Err(BatchError::Failed(error)) if asked.len() > 1 && B::is_of_one(&error) => {
            for (one, callers) in asked.iter().zip(callers) {
                match attempt(work, slice::from_ref(one), deadline).await {
                    Ok(answers) => deliver::<B>(answers, [callers]),
                    Err(error) => refuse::<B>(&error, callers),
                }
            }
        }
        Err(error) => callers.into_iter().for_each(|callers| refuse::<B>(&error, callers)),
    }
}

/// An answer for each key, or why there are none; in time, and whatever the work does.
async fn attempt<B: Batched>(
    work: &B,
    asked: &[Asked<B::Key>],
    deadline: Instant,
) -> Result<Vec<B::Answer>, BatchError<B::Error>> {
    let request = asked.first().and_then(|first| first.request.as_deref());
    let context = Context::of_cause(request, deadline.saturating_duration_since(Instant::now()));
    let working = AssertUnwindSafe(context.scope(async { work.work(asked).await })).catch_unwind();
    match timeout_at(deadline, working).await {
        Ok(Ok(Ok(answers))) if answers.len() == asked.len() => Ok(answers),
        Ok(Ok(Err(error))) => Err(BatchError::Failed(Arc::new(error))),
        Ok(Ok(Ok(_)) | Err(_)) => Err(BatchError::Lost),
        Err(_) => Err(BatchError::Late),
    }
}

/// Gives each answer to the first who asked for it and is still there, and to the others what they are to hear.
fn deliver<B: Batched>(answers: Vec<B::Answer>, callers: impl IntoIterator<Item = Callers<B>>) {
    for (mut answer, callers) in answers.into_iter().zip(callers) {
        for caller in callers {
            let again = B::again(&answer);
            answer = match caller.send(Ok(answer)) {
                Err(Ok(kept)) => kept,
                Ok(()) | Err(Err(_)) => again,
            };
        }
    }
}

fn refuse<B: Batched>(error: &BatchError<B::Error>, callers: Callers<B>) {
    for caller in callers {
        // Whoever has gone needs no answer.
        let _ = caller.send(Err(error.clone()));
    }
}
