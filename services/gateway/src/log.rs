//! One log line and the numbers of a request. In: its head and its answer. Out: what operators look at. Must not show queries, headers,
//! bodies, nor paths that may hold what is personal.
//!
//! Of most requests there is no line. So what lines say of a request is put together when there is one, unless those for finding faults are
//! wanted, which libraries write as well.

use axum::http::request::Parts;
use hyper::{Method, Response};
use rerp_kit::http::context::Context;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::DEPENDENCY_UNAVAILABLE;
use rerp_kit::telemetry::redact;
use tracing::Span;
use tracing::level_filters::LevelFilter;

use crate::answer::Seen;
use crate::numbers::Numbers;

/// A request as lines of the log name it.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Its head.
    pub parts: &'a Parts,
    /// Its id.
    pub context: &'a Context,
}

impl Named<'_> {
    /// What a line that is written now belongs to.
    #[must_use]
    pub fn span(&self) -> Span {
        let (method, shown) = (label(&self.parts.method), redact::path(self.parts.uri.path()));
        tracing::info_span!("request", request_id = self.context.id(), method, path = shown)
    }

    /// What all lines belong to that are written while the request is worked on, if it is likely that there are any: whoever's they are.
    #[must_use]
    pub fn throughout(&self) -> Span {
        if LevelFilter::current() >= LevelFilter::DEBUG { self.span() } else { Span::none() }
    }
}

/// A request that is being worked on. Dropped early, it was one whose client went away.
#[derive(Debug)]
pub struct Log<'a> {
    numbers: &'a Numbers,
    named: Named<'a>,
    began: tokio::time::Instant,
}

impl<'a> Log<'a> {
    /// Begins.
    #[must_use]
    pub fn begin(numbers: &'a Numbers, named: Named<'a>) -> Self {
        numbers.began();
        Self { numbers, named, began: named.context.began() }
    }

    /// Ends with an answer.
    pub(crate) fn end<B>(self, seen: &Seen, response: &Response<B>) {
        let (route, status, took) = (seen.route(), response.status(), self.began.elapsed());
        self.numbers.answered(label(&self.named.parts.method), seen, status, took);
        let (status, ms) = (status.as_u16(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        if response.status().is_server_error() && !is_away(response) {
            self.named.span().in_scope(|| tracing::warn!(status, ms, route, "answered"));
        } else {
            self.named.throughout().in_scope(|| tracing::debug!(status, ms, route, "answered"));
        }
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
