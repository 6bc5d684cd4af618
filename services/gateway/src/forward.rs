//! A request to its service and the answer back. In: a request that may be passed on. Out: the service's answer without what is only for
//! the inside, or a problem. Must not read bodies, except to be able to send a small one twice.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use rerp_kit::http::context::Context;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::DEPENDENCY_UNAVAILABLE;
use tokio::time::Instant;

use crate::body::{Cut, bounded};
use crate::headers::{Told, strip_answer, strip_request, tell};
use crate::table::{Again, Row};
use crate::upstream::{Outgoing, Payload, Upstreams};

/// Largest body in bytes that is kept in order to be sent again.
const KEPT: u64 = 64 * 1024;
/// Largest answer in bytes.
const ANSWER: u64 = 8 * 1024 * 1024;
/// Time an answer's body has after its head.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// What the way back takes: a service gets that much less time than the client.
const WAY_BACK: Duration = Duration::from_millis(20);

/// A request that may be passed on.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Its route.
    pub row: &'static Row,
    /// Its head.
    pub parts: &'a Parts,
    /// Who asks, as the service believes it; none if that doesn't count.
    pub token: Option<HeaderValue>,
    /// Where it came from.
    pub client: IpAddr,
    /// Its id and its time.
    pub context: &'a Context,
}

/// Passes a request on, and its answer back.
///
/// # Errors
/// A problem: there is no answer that could be passed on.
pub async fn forward(upstreams: &Upstreams, asked: &Asked<'_>, body: Incoming) -> Result<Response<Body>, Problem> {
    let deadline = asked.context.deadline().checked_sub(WAY_BACK).unwrap_or_else(Instant::now);
    let again = may_repeat(asked);
    let payload = payload(asked, body, again, deadline).await?;
    let mut headers = asked.parts.headers.clone();
    strip_request(&mut headers);
    let left = deadline.saturating_duration_since(Instant::now()).as_millis();
    let told = Told {
        token: asked.token.clone(),
        address: asked.client,
        id: asked.context.id(),
        left_ms: u64::try_from(left).unwrap_or(u64::MAX),
    };
    tell(&mut headers, told);
    let target = asked.parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let outgoing = Outgoing { method: asked.parts.method.clone(), target, headers, payload, again };
    let response = upstreams.ask(asked.row.to, outgoing, deadline).await?;
    Ok(back(response, asked.row.to.name()))
}

fn may_repeat(asked: &Asked<'_>) -> bool {
    match asked.row.again {
        Again::Yes => true,
        Again::Keyed => asked.parts.headers.contains_key("idempotency-key"),
        Again::No => false,
    }
}

/// The body: kept if it may be needed twice and is small, else passed on as it comes.
async fn payload(asked: &Asked<'_>, body: Incoming, again: bool, deadline: Instant) -> Result<Payload, Problem> {
    let (body, witness) = bounded(body, asked.row.body, deadline);
    if !again || declared(&asked.parts.headers).is_some_and(|bytes| bytes > KEPT) {
        return Ok(Payload::Flowing(body, witness));
    }
    let most = usize::try_from(asked.row.body.max(1)).unwrap_or(usize::MAX);
    to_bytes(body, most).await.map(Payload::Kept).map_err(|_| Problem::from(witness.saw().unwrap_or(Cut::TooLong)))
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The answer as clients may see it. A failure that isn't told in a problem's words isn't told at all: it may come from something in
/// between, or show what is inside.
fn back(response: Response<Incoming>, service: &str) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    // Who asks the service knows from us: if it doesn't believe it, the client is signed in all the same.
    if parts.status == StatusCode::UNAUTHORIZED {
        tracing::error!(service, "a service does not believe what it is told of who asks");
        return Problem::new(DEPENDENCY_UNAVAILABLE).retry_after(1).into_response();
    }
    if parts.status.is_server_error() && !is_problem(&parts.headers) {
        return Problem::new(DEPENDENCY_UNAVAILABLE).retry_after(1).into_response();
    }
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        return Problem::new(DEPENDENCY_UNAVAILABLE).into_response();
    }
    strip_answer(&mut parts.headers);
    let (body, _) = bounded(body, ANSWER, Instant::now() + ANSWER_TIME);
    // The version is the client's connection's, not the service's.
    let mut answer = Response::new(body);
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = parts.headers;
    answer
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"))
}
