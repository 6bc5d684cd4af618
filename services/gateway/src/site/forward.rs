//! A request to a backend of an Ingress and the answer back. In: a request that may be passed on. Out: the backend's answer, whatever it says,
//! or a problem. What belongs to one connection doesn't pass, nor does what means something inside; where the request came from is said by us.

use std::net::IpAddr;

use axum::body::{Body, to_bytes};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};
use rerp_kit::http::context::REQUEST_ID;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::DEPENDENCY_UNAVAILABLE;
use tokio::time::Instant;

use crate::body::{Cut, bounded};
use crate::forward::{answer_body, body_deadline, declared, untold};
use crate::headers::{for_site, join_cookies, strip_visited};
use crate::log::Named;
use crate::upstream::{Outgoing, Payload, Service};

/// Largest body in bytes.
pub(crate) const BODY: u64 = 1024 * 1024;
/// Largest answer in bytes.
const ANSWER: u64 = 32 * 1024 * 1024;

/// A request to a site.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    /// Its head, its id and its time.
    pub(crate) named: Named<'a>,
    /// The host that it names.
    pub(crate) host: &'a str,
    /// Where it came from.
    pub(crate) client: IpAddr,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
}

/// Passes a request on, and its answer back.
///
/// # Errors
/// A problem: there is no answer.
pub(crate) async fn forward(backend: &Service, visit: &Visit<'_>, body: Incoming) -> Result<Response<Body>, Problem> {
    let (parts, deadline) = (visit.named.parts, visit.named.context.deadline());
    let again = may_repeat(&parts.method, &parts.headers);
    let (body, witness) = bounded(body, BODY, body_deadline(Instant::now(), deadline));
    let payload = if again {
        let none = to_bytes(body, 1).await;
        Payload::Kept(none.map_err(|_| Problem::from(witness.saw().unwrap_or(Cut::TooLong)))?)
    } else {
        Payload::Flowing(body, witness)
    };
    let headers = || told(visit);
    let outgoing = Outgoing { named: visit.named, headers: &headers, payload, again };
    let response = backend.ask(outgoing, deadline).await?;
    back(response, again).await
}

/// What changes nothing and has no body can be asked twice.
fn may_repeat(method: &Method, headers: &HeaderMap) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) && declared(headers).is_none_or(|bytes| bytes == 0)
}

fn told(visit: &Visit<'_>) -> HeaderMap {
    let mut headers = for_site(&visit.named.parts.headers);
    join_cookies(&mut headers);
    let mut set = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    set(header::HOST, visit.host);
    set(HeaderName::from_static("x-forwarded-host"), visit.host);
    set(HeaderName::from_static("x-forwarded-for"), &visit.client.to_string());
    set(HeaderName::from_static("x-forwarded-proto"), if visit.secure { "https" } else { "http" });
    set(HeaderName::from_static(REQUEST_ID), visit.named.context.id());
    headers
}

async fn back(response: Response<Incoming>, again: bool) -> Result<Response<Body>, Problem> {
    let (mut parts, body) = response.into_parts();
    // Nobody asked for another protocol: `Upgrade` doesn't pass.
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Problem::new(DEPENDENCY_UNAVAILABLE));
    }
    let body = answer_body(body, declared(&parts.headers), ANSWER).await.map_err(|_| untold(again))?;
    strip_visited(&mut parts.headers);
    let mut answer = Response::new(body);
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = parts.headers;
    Ok(answer)
}
