//! Whether a client keeps a connection for something. In: what happens on the connection, and the time. Out: when it has kept us waiting for
//! too long. Must not look into what is said.
//!
//! hyper has one time limit for the head of an HTTP/1 request, which begins with the answer before it, and none at all for what comes
//! before a first request. Ingresses keep idle connections for a minute, and must not find them closed; whoever has begun to speak is to go on.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How long an HTTP/1 connection may rest between an answer and the next request: longer than ingresses keep theirs.
const IDLE: Duration = Duration::from_secs(75);

/// What a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A request is to come: the first one, or the rest of one that has begun.
    Asking(Instant),
    /// A request is being answered. Connections over HTTP/2 stay at that: keep-alive finds those that are dead.
    Answering,
    /// The last request was answered.
    Idle(Instant),
}

impl State {
    fn heard(self, now: Instant) -> Self {
        if let Self::Idle(_) = self { Self::Asking(now) } else { self }
    }

    /// An answer that is still being sent isn't a rest.
    fn said(self, now: Instant) -> Self {
        match self {
            Self::Idle(_) => Self::Idle(now),
            Self::Asking(_) => Self::Asking(now),
            Self::Answering => self,
        }
    }

    /// When patience ends. `head`: how long a head may take.
    fn end(self, head: Duration) -> Option<Instant> {
        match self {
            Self::Asking(since) => Some(since + head),
            Self::Idle(since) => Some(since + IDLE),
            Self::Answering => None,
        }
    }

    /// When to look again: at the end, and never later than a head could take that begins now.
    fn look(self, head: Duration, now: Instant) -> Instant {
        let soon = now + head;
        self.end(head).map_or(soon, |end| end.min(soon))
    }
}

/// See the file's header.
#[derive(Debug)]
pub(super) struct Pulse {
    state: Mutex<State>,
    /// A request is there.
    there: Notify,
}

impl Pulse {
    /// Of a connection that was just made.
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::Asking(Instant::now())), there: Notify::new() }
    }

    /// A request is there.
    pub(super) fn asked(&self) {
        self.turn(|_| State::Answering);
        self.there.notify_one();
    }

    /// The head of an answer is there, and after it another request may come over HTTP/1.
    pub(super) fn answered(&self) {
        self.turn(|_| State::Idle(Instant::now()));
    }

    /// Ends when the client has kept us waiting for too long. `head`: how long a head may take. Nothing wakes it but the time: with each request
    /// that would cost more than the looks in between.
    pub(super) async fn overdue(&self, head: Duration) {
        loop {
            let (state, now) = (self.turn(|state| state), Instant::now());
            if state.end(head).is_some_and(|end| end <= now) {
                return;
            }
            sleep_until(state.look(head, now)).await;
        }
    }

    /// Ends as soon as a request is being answered: over HTTP/1 its answer can say then that it is the last one.
    pub(super) async fn answering(&self) {
        while self.turn(|state| state) != State::Answering {
            self.there.notified().await;
        }
    }

    /// Changes the state, and says what it is then.
    fn turn(&self, change: impl FnOnce(State) -> State) -> State {
        // A value, whole at any time.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = change(*state);
        *state
    }
}

/// A stream whose traffic is felt.
#[derive(Debug)]
pub(super) struct Felt<S> {
    inner: S,
    pulse: Arc<Pulse>,
}

impl<S> Felt<S> {
    pub(super) fn new(inner: S, pulse: Arc<Pulse>) -> Self {
        Self { inner, pulse }
    }

    fn said(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(1..)) = written {
            self.pulse.turn(|state| state.said(Instant::now()));
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Felt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.pulse.turn(|state| state.heard(Instant::now()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Felt<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.said(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.said(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(10);

    #[test]
    fn who_rests_has_longer_than_who_has_begun() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let (asking, idle) = (State::Asking(now), State::Idle(now));
        assert_eq!(
            (asking.end(HEAD), idle.end(HEAD), State::Answering.end(HEAD)),
            (Some(now + HEAD), Some(now + IDLE), None)
        );
        assert_eq!(idle.heard(later), State::Asking(later), "it has begun");
        assert_eq!(asking.heard(later), asking, "byte by byte isn't faster");
        assert_eq!(State::Answering.heard(later), State::Answering, "a body");
        assert_eq!((idle.said(later), State::Answering.said(later)), (State::Idle(later), State::Answering));
    }

    #[test]
    fn who_begins_between_two_looks_is_seen_in_time() {
        let now = Instant::now();
        for state in [State::Idle(now), State::Answering, State::Asking(now)] {
            let look = state.look(HEAD, now);
            // A head that begins right after this look ends no sooner than the next one.
            assert!(look <= State::Asking(now).end(HEAD).unwrap(), "{state:?}");
        }
        let nearly = now + IDLE - Duration::from_secs(1);
        assert_eq!(State::Idle(now).look(HEAD, nearly), now + IDLE);
    }

    #[tokio::test]
    async fn an_old_connection_ends_with_an_answer() {
        let pulse = Pulse::new();
        // What was before doesn't count.
        pulse.asked();
        pulse.answered();
        let mut waiting = std::pin::pin!(pulse.answering());
        assert!(waiting.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        pulse.asked();
        waiting.await;
    }

    #[tokio::test]
    async fn patience_ends_with_the_client_s_turn_and_not_with_ours() {
        let (pulse, short) = (Pulse::new(), Duration::from_millis(20));
        pulse.overdue(short).await;
        pulse.asked();
        let watched = async {
            tokio::time::sleep(10 * short).await;
            pulse.answered();
            pulse.turn(|state| state.heard(Instant::now()));
        };
        let order = std::sync::Mutex::new(Vec::new());
        let note = |what: &'static str| order.lock().unwrap().push(what);
        tokio::join!(
            async {
                pulse.overdue(short).await;
                note("overdue");
            },
            async {
                watched.await;
                note("answered");
            },
        );
        assert_eq!(*order.lock().unwrap(), ["answered", "overdue"]);
    }
}
