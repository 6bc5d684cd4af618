//! The admin server: `/livez`, `/readyz`, `/metrics`, `/openapi.json`. In come the state of the process, its metrics and its interface; out go
//! pages for kubelets, Prometheus and developers. Must not be exposed to callers of the service: it has its own port.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::metrics::Metrics;
use crate::pool::Db;
use crate::telemetry::chain;

/// What the pages tell.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Set once the process was told to stop.
    pub draining: Arc<AtomicBool>,
    /// The database handle whose health decides readiness, if there is a database.
    pub db: Option<Db>,
    /// The numbers.
    pub metrics: Metrics,
    /// What the program's interface looks like, an OpenAPI document; none if it has none of its own.
    pub document: Option<Arc<str>>,
}

/// The admin routes.
pub fn router(admin: Admin) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(document))
        .with_state(admin)
}

/// Ready while the side in use answers and nobody told us to stop. A dependency that is down doesn't count: taking this
/// pod out as well would only make the outage larger.
async fn ready(State(admin): State<Admin>) -> Response {
    if admin.draining.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    if admin.db.is_some_and(|db| !db.is_alive()) {
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
    }
    "ok\n".into_response()
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.metrics.page() {
        Ok(page) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], page).into_response(),
        Err(error) => {
            tracing::error!(error = chain(&error), "can't write the metrics page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn document(State(admin): State<Admin>) -> Response {
    match admin.document {
        Some(document) => ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
