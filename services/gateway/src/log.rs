//! One log line and the numbers of a request. In: its head and its answer. Out: what operators look at. Must not show queries, headers,
//! bodies, nor paths that may hold what is personal.

use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use rerp_kit::http::context::Context;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::DEPENDENCY_UNAVAILABLE;
use rerp_kit::telemetry::redact;
use tracing::Span;

use crate::answer::Seen;
use crate::numbers::Numbers;

/// A request that is being worked on. Dropped early, it was one whose client went away.
#[derive(Debug)]
pub struct Log<'a> {
    numbers: &'a Numbers,
    method: &'static str,
    span: Span,
    began: tokio::time::Instant,
}

impl<'a> Log<'a> {
    /// Begins.
    #[must_use]
    pub fn begin(numbers: &'a Numbers, request: &Request<Incoming>, context: &Context) -> Self {
        numbers.began();
        let method = label(request.method());
        let shown = redact::path(request.uri().path());
        let span = tracing::info_span!("request", request_id = context.id(), method, path = shown);
        Self { numbers, method, span, began: context.began() }
    }

    /// What the work's own lines belong to.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// Ends with an answer.
    pub(crate) fn end<B>(self, seen: &Seen, response: &Response<B>) {
        let (route, status, took) = (seen.route(), response.status(), self.began.elapsed());
        self.numbers.answered(self.method, seen, status, took);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.span.in_scope(|| {
            if status.is_server_error() && !is_away(response) {
                tracing::warn!(status = status.as_u16(), ms, route, "answered");
            } else {
                tracing::debug!(status = status.as_u16(), ms, route, "answered");
            }
        });
    }
}

/// Whether we say that a service can't be used: while one is away that is every answer of its routes. They are counted, and what lies behind
/// them has its own line where it is found.
fn is_away<B>(response: &Response<B>) -> bool {
    response.extensions().get::<Problem>().is_some_and(|problem| problem.kind() == DEPENDENCY_UNAVAILABLE)
}

impl Drop for Log<'_> {
    fn drop(&mut self) {
        self.numbers.ended();
    }
}

/// A method's name as a label; callers can invent methods.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse as _;
    use rerp_kit::problem::catalogue::{DEADLINE_EXCEEDED, INTERNAL, OUTCOME_UNKNOWN};

    #[test]
    fn only_a_service_that_is_away_has_its_line_elsewhere() {
        assert!(is_away(&Problem::new(DEPENDENCY_UNAVAILABLE).into_response()));
        for kind in [INTERNAL, OUTCOME_UNKNOWN, DEADLINE_EXCEEDED] {
            assert!(!is_away(&Problem::new(kind).into_response()), "{kind:?}");
        }
        assert!(!is_away(&Response::new(())));
    }
}
