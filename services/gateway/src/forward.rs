//! A request to its service and the answer back. In: a request that may be passed on. Out: the service's answer without what is only for
//! the inside, or a problem. Must not look into bodies. Small ones are held: to send a request twice, and not to keep a service waiting for
//! a client.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::future::ready;
use futures::stream;
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, OUTCOME_UNKNOWN};
use tokio::time::Instant;

use crate::body::{Cut, Read, bounded, read};
use crate::headers::{Told, for_service, is_problem, reaches_service, strip_answer, tell};
use crate::log::Named;
use crate::table::{Again, Row};
use crate::upstream::{Outgoing, Payload, Upstreams};

/// Largest body in bytes that is kept in order to be sent again.
const KEPT: u64 = 64 * 1024;
/// Largest answer in bytes.
const ANSWER: u64 = 8 * 1024 * 1024;
/// Largest answer that is read whole before it goes on.
const WHOLE: usize = 256 * 1024;
/// Time a larger one has after its head.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Names a request that may come twice.
static KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What the way back takes: a service gets that much less time than the client.
const WAY_BACK: Duration = Duration::from_millis(20);

/// A request that may be passed on.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Its route.
    pub row: &'static Row,
    /// Its head, its id and its time.
    pub named: Named<'a>,
    /// Who asks, as the service believes it; none if that doesn't count.
    pub token: Option<HeaderValue>,
    /// Where it came from.
    pub client: IpAddr,
}

/// Passes a request on, and its answer back.
///
/// # Errors
/// A problem: there is no answer that could be passed on.
pub async fn forward(upstreams: &Upstreams, asked: &Asked<'_>, body: Incoming) -> Result<Response<Body>, Problem> {
    let Named { parts, context } = asked.named;
    let deadline = context.deadline().checked_sub(WAY_BACK).unwrap_or_else(Instant::now);
    let again = may_repeat(asked.row, &parts.headers);
    let payload = payload(asked, body, again, deadline).await?;
    let headers = || {
        let mut headers = for_service(&parts.headers);
        tell(&mut headers, Told { token: asked.token.clone(), address: asked.client, id: context.id() });
        headers
    };
    let outgoing = Outgoing { named: asked.named, headers: &headers, payload, again };
    let response = upstreams.ask(asked.row.to, outgoing, deadline).await?;
    back(response, again, asked).await
}

/// Whether the service takes a request twice as it takes it once, by its row and by the headers that came: what doesn't reach the service promises
/// nothing for it.
fn may_repeat(row: &Row, headers: &HeaderMap) -> bool {
    match row.again {
        Again::Yes => true,
        Again::Keyed => reaches_service(headers, &KEY),
        Again::No => false,
    }
}

/// When a body must be there: its client has half of the time, and the rest is surely the service's. Or whoever sends the last byte right
/// before the end would make a service look slow.
pub(crate) fn body_deadline(now: Instant, deadline: Instant) -> Instant {
    now + deadline.saturating_duration_since(now) / 2
}

/// The body: kept if it may be needed twice and is small, else passed on as it comes. `deadline`: when the request must be answered.
async fn payload(asked: &Asked<'_>, body: Incoming, again: bool, deadline: Instant) -> Result<Payload, Problem> {
    if body.is_end_stream() {
        return Ok(Payload::Kept(Bytes::new()));
    }
    let (body, witness) = bounded(body, asked.row.body, body_deadline(Instant::now(), deadline));
    if !again || declared(&asked.named.parts.headers).is_some_and(|bytes| bytes > KEPT) {
        return Ok(Payload::Flowing(body, witness));
    }
    let most = usize::try_from(asked.row.body.max(1)).unwrap_or(usize::MAX);
    to_bytes(body, most).await.map(Payload::Kept).map_err(|_| Problem::from(witness.saw().unwrap_or(Cut::TooLong)))
}

/// The length that a message says of its body.
pub(crate) fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The answer as clients may see it. A failure that isn't told in a problem's words isn't told at all: it may come from something in
/// between, or show what is inside. `again`: whether the request may be sent again; of one that may not nobody knows what it did then.
async fn back(response: Response<Incoming>, again: bool, asked: &Asked<'_>) -> Result<Response<Body>, Problem> {
    let (mut parts, body) = response.into_parts();
    // Who asks the service knows from us: if it doesn't believe it, the client is signed in all the same.
    if parts.status == StatusCode::UNAUTHORIZED {
        let service = asked.row.to.name();
        let note = || tracing::error!(service, "a service does not believe what it is told of who asks");
        asked.named.span().in_scope(note);
        return Err(Problem::new(DEPENDENCY_UNAVAILABLE).retry_after(1));
    }
    if parts.status.is_server_error() && !is_problem(&parts.headers) {
        return Err(untold(again));
    }
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Problem::new(DEPENDENCY_UNAVAILABLE));
    }
    let body = answer_body(body, declared(&parts.headers), ANSWER).await.map_err(|_| untold(again))?;
    strip_answer(&mut parts.headers);
    // The version is the client's connection's, not the service's.
    let mut answer = Response::new(body);
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = parts.headers;
    Ok(answer)
}

/// A usual answer is taken whole before the client gets any of it: a client that doesn't read would hold up what others' answers come
/// through, for hyper looks at no body, and at no time limit of ours, while its client takes nothing.
pub(crate) async fn answer_body(body: Incoming, declared: Option<u64>, most: u64) -> Result<Body, Cut> {
    if body.is_end_stream() {
        return Ok(Body::empty());
    }
    let until = Instant::now() + ANSWER_TIME;
    if declared.is_some_and(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX) > WHOLE) {
        return Ok(bounded(body, most, until).0);
    }
    match read(body, WHOLE).await? {
        Read::Whole(bytes) => Ok(Body::from(bytes)),
        Read::Part(begun, rest) => {
            let (rest, _) = bounded(rest, most, until);
            let begun = stream::once(ready(Ok(begun)));
            Ok(Body::from_stream(begun.chain(rest.into_data_stream())))
        }
    }
}

/// There was an answer, but none to pass on.
pub(crate) fn untold(again: bool) -> Problem {
    if again { Problem::new(DEPENDENCY_UNAVAILABLE).retry_after(1) } else { Problem::new(OUTCOME_UNKNOWN) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{TABLE, Verb};

    #[test]
    fn a_key_counts_if_the_service_gets_it() {
        let keyed = TABLE.iter().find(|row| row.again == Again::Keyed).unwrap();
        let mut headers = HeaderMap::from_iter([(KEY.clone(), HeaderValue::from_static("key-1"))]);
        assert!(may_repeat(keyed, &headers));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Idempotency-Key"));
        assert!(!may_repeat(keyed, &headers), "the key stayed on the connection");
        let read = TABLE.iter().find(|row| row.verb == Verb::Get).unwrap();
        assert!(may_repeat(read, &headers));
    }

    #[test]
    fn half_of_the_time_is_the_service_s() {
        let now = Instant::now();
        assert_eq!(body_deadline(now, now + Duration::from_secs(10)), now + Duration::from_secs(5));
        assert_eq!(body_deadline(now, now.checked_sub(Duration::from_secs(1)).unwrap()), now, "it is over");
    }
}
