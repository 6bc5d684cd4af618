//! How Supabase Auth is called. In: a call. Out: the body of its answer, or why there is none. Must not log what it sends, nor what it gets but a refusal's
//! status and code.
//!
//! A call is made again only if it can't have arrived: a refresh token that is shown a second time, too late, ends the session of its owner.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode};
use reqwest::{Client, Response};
use rerp_kit::client::outside;
use rerp_kit::http::context;
use rerp_kit::telemetry::chain;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use url::Url;

use super::refusal::Refusal;
use super::supabase::SupabaseError;
use crate::forward::CLIENT;

/// Attempts, where the ones before can't have arrived.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(100);
/// Time for a call: signing in reckons a password's hash.
pub(super) const LONGEST: Duration = Duration::from_secs(8);
/// Left of a request's time for the answer itself.
const RESERVE: Duration = Duration::from_millis(250);
/// Largest answer. A user's document has what applications keep in it.
const LARGEST: usize = 256 * 1024;
/// The version of the interface whose errors are read here.
const VERSION: (&str, &str) = ("x-supabase-api-version", "2024-01-01");
/// Says where the visitor comes from, to a hosted project: what it finds in `X-Forwarded-For` is its own door's. Only whoever has a secret key is believed.
const HOSTED_CLIENT: &str = "sb-forwarded-for";
const SECRET: &[u8] = b"sb_secret_";

/// The way to a project.
#[derive(Debug)]
pub(super) struct Wire {
    http: Client,
    base: Url,
    key: HeaderValue,
}

/// A call to be made.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Below `/auth/v1/`, with the query.
    pub(super) path: &'a str,
    pub(super) bearer: Option<&'a SecretString>,
    /// Not sent where the method has none.
    pub(super) body: Value,
    /// Where the visitor comes from: Supabase counts by it.
    pub(super) visitor: Option<IpAddr>,
}

impl Wire {
    pub(super) fn new(base: Url, key: HeaderValue) -> Result<Self, SupabaseError> {
        Ok(Self { http: outside()?.build()?, base, key })
    }

    pub(super) async fn call(&self, call: Call<'_>) -> Result<Vec<u8>, Refusal> {
        let end = context::deadline().map_or_else(|| Instant::now() + LONGEST, |end| end - RESERVE);
        let end = end.min(Instant::now() + LONGEST);
        let (mut pause, mut attempt) = (PAUSE, 1);
        loop {
            let error = match self.send(&call, end).await {
                Ok(response) => return read(response).await,
                Err(error) => error,
            };
            if !error.is_connect() || attempt >= ATTEMPTS || Instant::now() + pause >= end {
                let refusal = if error.is_connect() { Refusal::Unreachable } else { Refusal::Unavailable };
                // The address is left out: a query has no secret, but none is needed to find out why.
                tracing::warn!(error = chain(&error.without_url()), "Supabase was not reached");
                return Err(refusal);
            }
            sleep(pause).await;
            pause *= 2;
            attempt += 1;
        }
    }

    async fn send(&self, call: &Call<'_>, end: Instant) -> Result<Response, reqwest::Error> {
        let (path, query) = call.path.split_once('?').unwrap_or((call.path, ""));
        let mut url = self.base.clone();
        url.set_path(&format!("{}/auth/v1/{path}", self.base.path().trim_end_matches('/')));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let left = end.saturating_duration_since(Instant::now());
        let mut request = self.http.request(call.method.clone(), url).timeout(left);
        request = request.header("apikey", self.key.clone()).header(VERSION.0, VERSION.1);
        // Everything else says how long its body is, be it empty: some doors want that.
        if ![Method::GET, Method::DELETE].contains(&call.method) {
            request = request.json(&call.body);
        }
        if let Some(token) = call.bearer {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(visitor) = call.visitor {
            request = request.header(CLIENT, visitor.to_string());
            if self.key.as_bytes().starts_with(SECRET) {
                request = request.header(HOSTED_CLIENT, visitor.to_string());
            }
        }
        request.send().await
    }
}

/// The body of an answer, or what it says no with.
async fn read(mut response: Response) -> Result<Vec<u8>, Refusal> {
    let (status, mut body) = (response.status(), Vec::new());
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Ok(Some(_)) | Err(_) => {
                tracing::warn!(status = status.as_u16(), "an answer of Supabase is too long, or broke off");
                return Err(Refusal::Unavailable);
            }
        }
    }
    if status.is_success() {
        return Ok(body);
    }
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = said["code"].as_str().filter(|code| is_code(code)).unwrap_or_default().to_owned();
    if status == StatusCode::UNAUTHORIZED && code.is_empty() {
        // The door in front of it: a mistake of ours, not of whoever signs in, and nobody gets in until it is mended.
        tracing::error!("Supabase doesn't take RERP_AUTH_KEY: it has to be a key of the project at RERP_AUTH_PROJECT");
        return Err(Refusal::Unavailable);
    }
    tracing::info!(status = status.as_u16(), code, "Supabase refused");
    Err(if status.is_client_error() { Refusal::Said { status, code } } else { Refusal::Unavailable })
}

/// What is logged is a word of theirs and nothing that somebody typed.
fn is_code(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
