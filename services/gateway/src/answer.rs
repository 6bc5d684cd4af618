//! What is known of a request while it is judged, and what every answer carries in the end. In: an answer, and what was seen. Out: the answer as
//! clients get it. Must not decide anything.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use rerp_kit::http::context::Context;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::METHOD_NOT_ALLOWED;
use tokio::time::timeout;

use crate::body::read;
use crate::limit::Counted;
use crate::table::Row;
use crate::{cors, forward, headers};

/// Bytes that are taken of a refused request.
const LITTLE: usize = 64 * 1024;
/// Time they have.
const SOON: Duration = Duration::from_secs(1);

/// What is known of a request by now, for its answer and its log line.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) row: Option<&'static Row>,
    pub(crate) origin: Option<HeaderValue>,
    pub(crate) counted: Counted,
    /// It is a site's.
    pub(crate) site: bool,
    /// The answer is a site's own.
    pub(crate) foreign: bool,
}

impl Seen {
    /// What it is called in the numbers.
    pub(crate) fn route(&self) -> &'static str {
        if self.site { "site" } else { self.row.map_or("none", |row| row.path) }
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) client: IpAddr,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
}

/// What every answer carries, wherever it was made. A site's own says itself what browsers are to mind.
pub(crate) fn finish(mut response: Response<Body>, secure: bool, context: &Context, seen: &Seen) -> Response<Body> {
    let unsigned = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    headers::tell_id(headers, context.id());
    if !seen.foreign {
        seen.counted.tell(headers);
        cors::open(headers, seen.origin.clone());
        headers::harden(headers, secure);
        if unsigned {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }
    response
}

/// Takes what a refused request still sends, if that is little: a connection that ends over bytes that nobody read is reset, and its client may
/// lose the answer by that.
pub(crate) async fn swallow(headers: &HeaderMap, body: Incoming) {
    if forward::declared(headers).is_some_and(|bytes| usize::try_from(bytes).is_ok_and(|bytes| bytes <= LITTLE)) {
        // Whatever comes of it, there is an answer.
        let _ = timeout(SOON, read(body, LITTLE)).await;
    }
}

pub(crate) fn other_methods(names: &[&str], context: &Context) -> Response<Body> {
    let mut response = context.within(|| Problem::new(METHOD_NOT_ALLOWED).into_response());
    if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(header::ALLOW, names);
    }
    response
}
