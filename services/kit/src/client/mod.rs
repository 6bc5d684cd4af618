//! Calls to other services. In come a path and a body; out goes the typed answer or why there is none. Passes on the
//! request's id and what is left of its time. Must not repeat a call that isn't declared idempotent, nor log addresses
//! with their paths: they may hold personal data.

mod error;

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};
use url::Url;

pub use error::{CallError, RemoteProblem};

use crate::http::context::{self, DEADLINE, REQUEST_ID};
use crate::metrics::Metrics;
use crate::tls::Tls;

/// Time a call has when no request sets a deadline.
const WITHOUT_REQUEST: Duration = Duration::from_secs(5);
/// Time a connection may take to open.
const CONNECT: Duration = Duration::from_secs(1);
/// Idle connections are given up before the other side's load balancer forgets them.
const IDLE: Duration = Duration::from_secs(30);
/// Attempts an idempotent call gets. A server that is restarted costs one, a load balancer that still sends there
/// another.
const ATTEMPTS: u32 = 4;
/// First pause between attempts; doubles.
const PAUSE: Duration = Duration::from_millis(10);
/// Largest answer that is read.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// What every client inside the platform is built from: the certificate of `tls`, HTTP/1.1, no proxy, no redirects.
///
/// # Errors
/// The provider of cryptography lacks TLS 1.3, hence a bug.
pub fn builder(tls: Option<&Tls>) -> Result<reqwest::ClientBuilder, rustls::Error> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(Tls::client(tls)?)
        .tcp_nodelay(true)
        // One HTTP/2 connection would tie all calls of this pod to one pod of the other service.
        .http1_only()
        // Proxies of the environment are for the outside world.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none()))
}

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
    base: Url,
    http: reqwest::Client,
    metrics: Metrics,
}

impl ServiceClient {
    /// A client for `service` at `base`, which shows the certificate of `tls` and takes only one of the same authority.
    ///
    /// # Errors
    /// When the HTTP client can't be set up.
    pub fn new(service: &'static str, base: Url, metrics: Metrics, tls: Option<&Tls>) -> Result<Self, CallError> {
        let http = builder(tls)
            .map_err(|source| CallError::Setup { service, source })?
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(|source| CallError::unreachable(service, source))?;
        Ok(Self::with(http, service, base, metrics))
    }

    /// A client for `service` at `base` over an HTTP client of the caller's own making.
    #[must_use]
    pub fn with(http: reqwest::Client, service: &'static str, base: Url, metrics: Metrics) -> Self {
        Self { service, base, http, metrics }
    }

    /// POSTs `body` as JSON to `path` and reads a JSON answer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        repeat: Repeat,
    ) -> Result<T, CallError> {
        let body =
            serde_json::to_vec(body).map_err(|source| CallError::Unreadable { service: self.service, source })?;
        let deadline = context::deadline().unwrap_or_else(|| Instant::now() + WITHOUT_REQUEST);
        let answered = self.attempts(path, &body, repeat, deadline).await;
        let outcome = answered.as_ref().map_or_else(CallError::label, |_| "ok");
        self.metrics.calls.with_label_values(&[self.service, outcome]).inc();
        let answer = answered?;
        serde_json::from_slice(&answer).map_err(|source| CallError::Unreadable { service: self.service, source })
    }

    async fn attempts(&self, path: &str, body: &[u8], repeat: Repeat, deadline: Instant) -> Result<Vec<u8>, CallError> {
        let mut pause = PAUSE;
        let mut attempt = 1;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(CallError::OutOfTime { service: self.service });
            }
            let error = match self.attempt(path, body, left).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
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

    async fn attempt(&self, path: &str, body: &[u8], left: Duration) -> Result<Vec<u8>, CallError> {
        let url = self.base.join(path).map_err(|_| CallError::BadPath { service: self.service })?;
        let mut request = self
            .http
            .request(Method::POST, url)
            .timeout(left)
            .header("content-type", "application/json")
            .header(DEADLINE, u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
            .body(body.to_vec());
        if let Some(id) = context::request_id() {
            request = request.header(REQUEST_ID, id);
        }
        let mut response = request.send().await.map_err(|source| CallError::unreachable(self.service, source))?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|source| CallError::unreachable(self.service, source))? {
            if answer.len() + chunk.len() > LARGEST_ANSWER {
                return Err(CallError::TooLarge { service: self.service });
            }
            answer.extend_from_slice(&chunk);
        }
        if status.is_success() { Ok(answer) } else { Err(self.refusal(status, &answer)) }
    }

    fn refusal(&self, status: StatusCode, answer: &[u8]) -> CallError {
        CallError::Refused {
            service: self.service,
            status,
            problem: serde_json::from_slice(answer).unwrap_or_default(),
        }
    }
}
