//! What surrounds every request: context, deadline, panics, log line, numbers. In comes a service's router; out goes
//! one in which every answer that isn't the service's own is a problem document.
//! Must not log paths of unknown routes unredacted, nor queries, headers or bodies ever.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use tokio::time::timeout_at;
use tracing::Instrument as _;

use super::context::{Context, REQUEST_ID};
use super::timing::SERVER_TIMING;
use crate::audit::Reason;
use crate::config::HttpSettings;
use crate::grpc;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::problem::catalogue::{DEADLINE_EXCEEDED, INTERNAL, METHOD_NOT_ALLOWED, NO_SUCH_ROUTE};
use crate::telemetry::redact;

/// Surrounds a router that has its state already.
pub fn guarded(router: Router, settings: &HttpSettings, metrics: &Metrics) -> Router {
    let guard =
        Guard { longest: settings.request_timeout, tells_times: settings.server_timing, metrics: metrics.clone() };
    // Each request gets clones, and there are two dozen families of metrics.
    let guard = Arc::new(guard);
    router
        .fallback(async || Problem::new(NO_SUCH_ROUTE))
        .method_not_allowed_fallback(async || Problem::new(METHOD_NOT_ALLOWED))
        .layer(DefaultBodyLimit::max(settings.body_limit))
        .layer(from_fn_with_state(guard, surround))
}

struct Guard {
    longest: Duration,
    tells_times: bool,
    metrics: Metrics,
}

async fn surround(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let shown = route.clone().unwrap_or_else(|| redact::path(request.uri().path()));
    let (mut context, grpc) = (Context::of(request.headers(), guard.longest), grpc::is_call(request.headers()));
    if let Some(route) = &route {
        context = context.at(route, request.uri().path());
    }
    let span = tracing::info_span!("request", request_id = context.id(), method, path = shown);

    guard.metrics.in_flight.inc();
    let _leaving = Leaving(&guard.metrics);
    let mut response = match Reason::of(request.headers()) {
        Ok(reason) => answer(context.clone().because(reason), request, next).instrument(span.clone()).await,
        Err(problem) => problem.into_response(),
    };
    if grpc {
        response = grpc::speak(response);
    }
    if let Ok(id) = HeaderValue::from_str(context.id()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if guard.tells_times
        && let Ok(timing) = HeaderValue::from_str(&context.timing())
    {
        response.headers_mut().insert(SERVER_TIMING, timing);
    }

    let (status, failed) = outcome(&response);
    // Unknown paths share one label: their number is the caller's choice.
    let route = route.as_deref().unwrap_or("none");
    guard.metrics.requests.with_label_values(&[method, route, &status]).inc();
    guard.metrics.request_seconds.with_label_values(&[method, route]).observe(context.began().elapsed().as_secs_f64());
    let ms = u64::try_from(context.began().elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        if failed {
            tracing::warn!(status, ms, "answered");
        } else {
            tracing::debug!(status, ms, "answered");
        }
    });
    response
}

/// The status as a label, and whether it is our failure. gRPC says 200 and the truth in a header.
fn outcome(response: &Response) -> (String, bool) {
    match grpc::code(response) {
        Some(code) => (format!("grpc_{}", code as i32), grpc::is_server_error(code)),
        None => (response.status().as_str().to_owned(), response.status().is_server_error()),
    }
}

/// The answer, whatever happens to the handler.
async fn answer(context: Context, request: Request, next: Next) -> Response {
    let deadline = context.deadline();
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    context
        .scope(async move {
            match timeout_at(deadline, work).await {
                Ok(Ok(response)) => response,
                Ok(Err(_)) => Problem::new(INTERNAL).into_response(),
                Err(_) => Problem::new(DEADLINE_EXCEEDED).into_response(),
            }
        })
        .await
}

/// Counts a request out, also when its client goes away in the middle.
struct Leaving<'a>(&'a Metrics);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

/// A method's name as a label; callers can invent methods.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
