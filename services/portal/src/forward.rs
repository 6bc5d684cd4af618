//! The way of a form to the API. In: a route, what is asked, its key, and where the visitor is said to come from. Out: what became of it.
//! Must not tell what the API said: the pages say it in words of their own, the same to everybody. Must not log what is asked.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use reqwest::{Client, Response};
use rerp_kit::client::builder;
use rerp_kit::http::context;
use rerp_kit::telemetry::chain;
use rerp_kit::tls::Tls;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::form::Asked;

/// Attempts: a gateway that is replaced costs one. A form has a key, so the second one has its effect once.
const ATTEMPTS: u32 = 3;
/// Pause before the second attempt; the third comes after twice as long.
const PAUSE: Duration = Duration::from_millis(150);
/// Time for everything where no request says when it must be answered.
const WITHOUT_REQUEST: Duration = Duration::from_secs(5);
/// Left of a request's time for the answer itself.
const RESERVE: Duration = Duration::from_millis(250);

/// Who leads visitors here says where they come from, and the gateway counts by it where it trusts this pod's network.
pub const CLIENT: &str = "x-forwarded-for";
const KEY: &str = "idempotency-key";

/// What became of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is taken. Whether anything was known of the visitor before isn't told.
    Taken,
    /// It says something that can't be.
    Refused,
    /// It can't be taken now; with the gateway's word on when to try again.
    Busy(StatusCode, Option<HeaderValue>),
}

/// The gateway.
#[derive(Debug, Clone)]
pub struct Gateway {
    http: Client,
    base: Url,
}

/// The client can't be built.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The provider of cryptography lacks what TLS needs.
    #[error("setting up TLS for calls to the gateway")]
    Tls(#[from] rustls::Error),
    /// Everything else.
    #[error("setting up the client for the gateway")]
    Client(#[from] reqwest::Error),
}

/// A form on its way.
#[derive(Debug)]
pub struct Sent<'a> {
    /// The route.
    pub to: &'a str,
    /// What is asked.
    pub asked: &'a Asked,
    /// By which it is known again.
    pub key: &'a str,
    /// Where the visitor is said to come from.
    pub client: Option<&'a HeaderValue>,
}

impl Gateway {
    /// The gateway at an address; it is shown the certificate of `tls` where it speaks TLS.
    ///
    /// # Errors
    /// The client can't be built.
    pub fn new(base: Url, tls: Option<&Tls>) -> Result<Self, GatewayError> {
        Ok(Self { http: builder(tls)?.build()?, base })
    }

    /// Sends a form, again if nobody seems to have taken it.
    pub async fn send(&self, sent: &Sent<'_>) -> Outcome {
        let deadline = context::deadline().map_or_else(|| Instant::now() + WITHOUT_REQUEST, |end| end - RESERVE);
        let (mut pause, mut attempt) = (PAUSE, 1);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let outcome = self.attempt(sent, left).await;
            let again = matches!(outcome, Outcome::Busy(status, _) if status.is_server_error());
            if !again || attempt >= ATTEMPTS || Instant::now() + pause >= deadline {
                return outcome;
            }
            sleep(pause).await;
            pause *= 2;
            attempt += 1;
        }
    }

    async fn attempt(&self, sent: &Sent<'_>, left: Duration) -> Outcome {
        let mut url = self.base.clone();
        url.set_path(sent.to);
        let mut request = self.http.post(url).timeout(left).header(KEY, sent.key).json(sent.asked);
        if let Some(client) = sent.client {
            request = request.header(CLIENT, client);
        }
        match request.send().await {
            Ok(response) => judge(&response),
            Err(error) => {
                tracing::warn!(error = chain(&error), route = sent.to, "a form did not reach the gateway");
                Outcome::Busy(StatusCode::SERVICE_UNAVAILABLE, None)
            }
        }
    }
}

/// What an answer means. That somebody is working on the same form, or that it comes too often, is no mistake in it.
fn judge(response: &Response) -> Outcome {
    let status = response.status();
    let retry = response.headers().get(header::RETRY_AFTER).cloned();
    match status {
        _ if status.is_success() => Outcome::Taken,
        StatusCode::TOO_MANY_REQUESTS => Outcome::Busy(status, retry),
        StatusCode::CONFLICT => Outcome::Busy(StatusCode::SERVICE_UNAVAILABLE, retry),
        _ if status.is_client_error() => {
            // The route refuses what its own form sends: rules have changed on one side only, or somebody tries things out.
            tracing::info!(status = status.as_u16(), "a form was refused");
            Outcome::Refused
        }
        _ => {
            tracing::warn!(status = status.as_u16(), "a form could not be taken");
            Outcome::Busy(StatusCode::SERVICE_UNAVAILABLE, retry)
        }
    }
}
