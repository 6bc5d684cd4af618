//! Routes. In: the control. Out: a router.

use super::control::{journeys, ledger, report, start, stop};
use crate::load::control::Control;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

/// The routes of the load generator.
pub fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/start", post(start))
        .route("/stop", post(stop))
        .route("/report", get(report))
        .route("/ledger", get(ledger))
        .route("/journeys", get(journeys))
        .with_state(control)
}
