//! Bodies on their way through. In: a body and its bounds. Out: the same bytes, or an end before they are all there. Trailers don't pass:
//! they would be headers that nobody stripped. Must not hold more than it is told to.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DEADLINE_EXCEEDED, MALFORMED_HEADER, TOO_LARGE};
use tokio::time::{Instant, Sleep, sleep_until};

/// A body that may only be so long and take so long.
#[derive(Debug)]
pub struct Metered {
    inner: Incoming,
    left: u64,
    until: Pin<Box<Sleep>>,
    saw: Arc<Saw>,
}

/// Knows how far a body came. A connection that carries it onward only tells that it broke. Of no body there is nothing to know.
#[derive(Debug, Clone, Default)]
pub struct Witness(Option<Arc<Saw>>);

#[derive(Debug)]
struct Saw {
    cut: OnceLock<Cut>,
    /// Whether more may come.
    open: AtomicBool,
}

impl Witness {
    /// Why it ended early, if it did.
    #[must_use]
    pub fn saw(&self) -> Option<Cut> {
        self.0.as_ref()?.cut.get().copied()
    }

    /// Whether its sender still owes some of it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.as_ref().is_some_and(|saw| saw.open.load(Ordering::Relaxed))
    }
}

/// Why a body ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// It has more bytes than it may.
    #[error("the body is too long")]
    TooLong,
    /// Its time is over.
    #[error("the body took too long")]
    TooLate,
    /// Its sender went away.
    #[error("the body ended early")]
    Broken,
}

impl From<Cut> for Problem {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::TooLong => Self::new(TOO_LARGE),
            Cut::TooLate => Self::new(DEADLINE_EXCEEDED).detail("the body took too long to arrive"),
            Cut::Broken => Self::new(MALFORMED_HEADER).detail("the body is shorter than Content-Length says"),
        }
    }
}

/// `inner` with at most `bytes` bytes, all there by `until`, and who knows why they weren't.
pub fn bounded(inner: Incoming, bytes: u64, until: Instant) -> (Body, Witness) {
    // Nothing to wait for, and an end that is known passes as one.
    if inner.is_end_stream() {
        return (Body::empty(), Witness::default());
    }
    let saw = Arc::new(Saw { cut: OnceLock::new(), open: AtomicBool::new(true) });
    let metered = Metered { inner, left: bytes, until: Box::pin(sleep_until(until)), saw: Arc::clone(&saw) };
    (Body::new(metered), Witness(Some(saw)))
}

/// What was read of a body.
#[derive(Debug)]
pub enum Read<B> {
    /// All of it.
    Whole(Bytes),
    /// More than was wanted: what there is, and what is to come.
    Part(Bytes, B),
}

/// Reads a body to its end, or until there are more than `most` bytes of it. Trailers are left out.
///
/// # Errors
/// It ended early.
pub async fn read<B>(mut body: B, most: usize) -> Result<Read<B>, Cut>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    // One frame is most answers: that one isn't copied.
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    loop {
        let so_far = if all.is_empty() { first.len() } else { all.len() };
        if so_far > most {
            return Ok(Read::Part(joined(first, all), body));
        }
        if body.is_end_stream() {
            return Ok(Read::Whole(joined(first, all)));
        }
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        let Some(frame) = frame else { return Ok(Read::Whole(joined(first, all))) };
        let Ok(data) = frame.map_err(|_| Cut::Broken)?.into_data() else { continue };
        if first.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&data);
    }
}

/// The first frame, or all of them where there are several.
fn joined(first: Bytes, all: BytesMut) -> Bytes {
    if all.is_empty() { first } else { all.freeze() }
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) else {
                let late = self.until.as_mut().poll(context).is_ready();
                return if late { Poll::Ready(Some(Err(self.cut(Cut::TooLate)))) } else { Poll::Pending };
            };
            match frame {
                None => {
                    self.saw.open.store(false, Ordering::Relaxed);
                    return Poll::Ready(None);
                }
                Some(Err(_)) => return Poll::Ready(Some(Err(self.cut(Cut::Broken)))),
                // Trailers are left out: the end comes with the next poll.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(self.count(data)));
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Metered {
    fn count(&mut self, data: Bytes) -> Result<Frame<Bytes>, Cut> {
        let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
        match self.left.checked_sub(length) {
            Some(left) => self.left = left,
            None => return Err(self.cut(Cut::TooLong)),
        }
        // Whoever knows the length doesn't ask for the end.
        if self.inner.is_end_stream() {
            self.saw.open.store(false, Ordering::Relaxed);
        }
        Ok(Frame::data(data))
    }

    fn cut(&self, why: Cut) -> Cut {
        // The first reason is the reason.
        let _ = self.saw.cut.set(why);
        why
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
