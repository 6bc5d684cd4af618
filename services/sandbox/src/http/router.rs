//! Routes. In: nothing. Out: a router with its state.

use super::{patterns, scenarios};
use crate::trading::scenario::shelf::Shelf;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

/// The routes of the sandbox.
pub fn router() -> Router {
    Router::new()
        .route("/trading/patterns", post(patterns::detect))
        .route("/trading/scenarios", post(scenarios::begin))
        .route("/trading/scenarios/{id}", get(scenarios::show))
        .route("/trading/scenarios/{id}/actions", post(scenarios::act))
        .with_state(Arc::new(Shelf::default()))
}
