//! Calls to other services over gRPC. In come a message and a generated method; out goes the answer or why there is none.
//! Passes on the request's id and what is left of its time. Must not repeat a call that isn't declared idempotent.

mod dial;
mod error;
mod http;
mod lines;
mod outside;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Uri};
use tonic::{Request, Response, Status};
use url::Url;

pub use dial::{Dial, Stream};
pub use error::{CallError, RemoteProblem};
pub use http::builder;
use lines::Lines;
pub use outside::outside;

use crate::http::context::{self, REQUEST_ID};
use crate::metrics::Metrics;
use crate::tls::Tls;

/// Time a call has when no request sets a deadline.
const WITHOUT_REQUEST: Duration = Duration::from_secs(5);
/// Attempts an idempotent call gets. A server that is restarted costs one, a load balancer that still sends there
/// another.
const ATTEMPTS: u32 = 4;
/// First pause between attempts; doubles twice each time.
const PAUSE: Duration = Duration::from_millis(10);

/// Whether a call may be made twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Twice has the effect of once.
    Idempotent,
    /// Only if it is certain that the first one was never received.
    Never,
}

/// A client for one service. Clones share connections.
#[derive(Debug, Clone)]
pub struct ServiceClient {
    service: &'static str,
    lines: Arc<Lines>,
    metrics: Metrics,
}

impl ServiceClient {
    /// A client for `service` at `base`, which shows the certificate of `tls` and takes only one of the same authority.
    ///
    /// # Errors
    /// When TLS can't be set up, or the address is none.
    pub fn new(service: &'static str, base: &Url, metrics: Metrics, tls: Option<&Tls>) -> Result<Self, CallError> {
        Self::dialing(None, service, base, metrics, tls)
    }

    /// As `new`, but connects to `to`, whatever the name in `base` resolves to.
    ///
    /// # Errors
    /// When TLS can't be set up, or the address is none.
    pub fn dialing(
        to: Option<SocketAddr>,
        service: &'static str,
        base: &Url,
        metrics: Metrics,
        tls: Option<&Tls>,
    ) -> Result<Self, CallError> {
        let dial = Dial::http2(tls, to).map_err(|source| CallError::Setup { service, source })?;
        let address: Uri = base.as_str().parse().map_err(|_| CallError::BadAddress { service })?;
        let lines = Lines::new(address, dial);
        Ok(Self { service, lines: Arc::new(lines), metrics })
    }

    /// Calls a method: `ask` is given a connection and the request, and makes a generated client call it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call<M, T, F>(
        &self,
        message: M,
        repeat: Repeat,
        ask: impl Fn(Channel, Request<M>) -> F,
    ) -> Result<T, CallError>
    where
        M: Clone,
        F: Future<Output = Result<Response<T>, Status>>,
    {
        self.counted(self.attempts(message, repeat, ask)).await
    }

    /// Calls a method, and waits no longer than `patience` for its answer, repetitions included; a request's own deadline may be nearer. Shorter than a
    /// request may take, it lets a silent service be told as what it is.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::Silent`] when patience is over.
    pub async fn call_within<M, T, F>(
        &self,
        patience: Duration,
        message: M,
        repeat: Repeat,
        ask: impl Fn(Channel, Request<M>) -> F,
    ) -> Result<T, CallError>
    where
        M: Clone,
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let asking = timeout(patience, self.attempts(message, repeat, ask));
        let silent = CallError::Silent { service: self.service };
        self.counted(async move { asking.await.unwrap_or(Err(silent)) }).await
    }

    /// Waits for an answer, and counts how it ended.
    async fn counted<T>(&self, asking: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
        let _waiting = context::waiting(self.service);
        let answered = asking.await;
        let outcome = answered.as_ref().map_or_else(CallError::label, |_| "ok");
        self.metrics.calls.with_label_values(&[self.service, outcome]).inc();
        answered
    }

    async fn attempts<M, T, F>(
        &self,
        message: M,
        repeat: Repeat,
        ask: impl Fn(Channel, Request<M>) -> F,
    ) -> Result<T, CallError>
    where
        M: Clone,
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let deadline = context::deadline().unwrap_or_else(|| Instant::now() + WITHOUT_REQUEST);
        let mut pause = PAUSE;
        let mut attempt = 1;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(CallError::OutOfTime { service: self.service });
            }
            let error = match ask(self.lines.pick(), request(message.clone(), left)).await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => CallError::of(self.service, status),
            };
            let may_repeat = error.was_never_received() || (repeat == Repeat::Idempotent && error.is_transient());
            // Half of the pause is chance, so that callers that failed together don't return together.
            let rest = pause.mul_f64(0.5 + rand::random::<f64>() / 2.0);
            if !may_repeat || attempt >= ATTEMPTS || Instant::now() + rest >= deadline {
                return Err(error);
            }
            sleep(rest).await;
            pause *= 4;
            attempt += 1;
        }
    }
}

/// The message with the id of the request at hand and the time that is left, after which this side gives up too.
fn request<M>(message: M, left: Duration) -> Request<M> {
    let mut request = Request::new(message);
    request.set_timeout(left);
    if let Some(id) = context::request_id().and_then(|id| MetadataValue::try_from(id).ok()) {
        request.metadata_mut().insert(REQUEST_ID, id);
    }
    request
}
