//! Connections to one service. In: its address. Out: answers to requests, each over one of several HTTP/2 connections in turn.
//!
//! As with the kit's calls over gRPC: a cluster's Service picks a pod per connection, so there are several, and none gets old, or pods that
//! came later would never see a request. A retired connection ends with its last request. Must not send a request twice that may have
//! been received.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Request, Response, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rerp_kit::client::Dial;
use rerp_kit::telemetry::chain;
use tokio::time::{Instant, timeout};

/// Connections to one service.
const LINES: usize = 4;
/// Time a connection may take to open, handshakes included.
const CONNECT: Duration = Duration::from_secs(1);
/// Age at which a connection takes no new requests; up to half more by chance, so that not all are made at once.
const AGE: Duration = Duration::from_secs(30);
/// A connection whose other end is gone without a word is noticed after this long, twice.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// See the file's header.
#[derive(Debug)]
pub(super) struct Lines {
    address: Uri,
    dial: Dial,
    next: AtomicUsize,
    lines: [Line; LINES],
}

#[derive(Debug, Default)]
struct Line {
    open: Mutex<Option<Open>>,
    /// Held by whoever opens a connection; others wait for it instead of opening more.
    opening: tokio::sync::Mutex<()>,
    /// How many could not be opened.
    failures: AtomicUsize,
}

#[derive(Debug)]
struct Open {
    sender: SendRequest<Body>,
    until: Instant,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// No connection; the service has seen nothing.
    #[error("connecting")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A connection could not be opened in time; the service has seen nothing.
    #[error("connecting took too long")]
    TooSlow,
    /// Somebody else tried meanwhile; the service has seen nothing.
    #[error("the connection that others waited for, too, could not be opened")]
    NotOpened,
    /// Connections closed faster than they were opened; the service has seen nothing.
    #[error("every connection was just being closed")]
    NoLine,
    /// It broke after the request was begun.
    #[error("waiting for the answer")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SendError {
    /// Whether the service can't have seen the request.
    pub(super) fn was_never_received(&self) -> bool {
        !matches!(self, Self::Broken(_))
    }
}

impl Lines {
    pub(super) fn new(address: Uri, dial: Dial) -> Self {
        Self { address, dial, next: AtomicUsize::new(0), lines: std::array::from_fn(|_| Line::default()) }
    }

    /// Sends a request. One that a closing connection gives back unsent goes over the next one, and so does one whose connection could
    /// not be opened, once: others may be open.
    ///
    /// # Errors
    /// See [`SendError`].
    pub(super) async fn send(&self, mut request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        let (turn, mut unopened) = (self.next.fetch_add(1, Ordering::Relaxed), false);
        for step in 0..=LINES {
            let mut sender = match self.pick(&self.lines[turn.wrapping_add(step) % LINES]).await {
                Ok(sender) => sender,
                Err(error) if unopened => return Err(error),
                Err(_) => {
                    unopened = true;
                    continue;
                }
            };
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(response),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(SendError::Broken(failed.into_error().into())),
                },
            }
        }
        Err(SendError::NoLine)
    }

    async fn pick(&self, line: &Line) -> Result<SendRequest<Body>, SendError> {
        match line.fresh() {
            Some(sender) => Ok(sender),
            // Rare, and large: each request would have to carry the room for it.
            None => Box::pin(self.open(line)).await,
        }
    }

    /// A new connection, or one that somebody else has opened meanwhile.
    async fn open(&self, line: &Line) -> Result<SendRequest<Body>, SendError> {
        let before = line.failures.load(Ordering::Acquire);
        let _opening = line.opening.lock().await;
        if let Some(sender) = line.fresh() {
            return Ok(sender);
        }
        // Who waited while it failed doesn't try again: one after the other, each would wait for all before it.
        if line.failures.load(Ordering::Acquire) != before {
            return Err(SendError::NotOpened);
        }
        let opened = timeout(CONNECT, self.connect()).await.unwrap_or(Err(SendError::TooSlow));
        let sender = opened.inspect_err(|_| line.failed())?;
        line.keep(sender.clone());
        Ok(sender)
    }

    async fn connect(&self) -> Result<SendRequest<Body>, SendError> {
        let stream = self.dial.open(&self.address).await.map_err(SendError::Connect)?;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).keep_alive_interval(KEEP_ALIVE).keep_alive_timeout(KEEP_ALIVE);
        let shaken = builder.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|error| SendError::Connect(error.into()))?;
        // Ends when the last sender is gone and the last answer is there.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = chain(&error), "a connection to a service ended early");
            }
        });
        Ok(sender)
    }
}

impl Line {
    /// A connection that takes requests, if there is one.
    fn fresh(&self) -> Option<SendRequest<Body>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref()
            .filter(|open| Instant::now() < open.until && !open.sender.is_closed())
            .map(|open| open.sender.clone())
    }

    fn keep(&self, sender: SendRequest<Body>) {
        let until = Instant::now() + AGE.mul_f64(1.0 + rand::random::<f64>() / 2.0);
        // A panic while it was held can only have left a connection, or none.
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(Open { sender, until });
    }

    fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
