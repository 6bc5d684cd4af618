//! The routes. In comes the state; out goes a router. Must not hold handlers.

use axum::Router;
use axum::routing::{get, post};

use crate::http::{customer, plan, subscription, webhook};
use crate::state::AppState;

/// All routes of the service, without the guard that the kit puts around them.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/api/billing/plans", get(plan::list))
        .route("/api/billing/customers", post(customer::create))
        .route("/api/billing/subscriptions", post(subscription::create))
        .route("/api/billing/subscription/{account_id}", get(subscription::of_account))
        .route("/api/billing/webhooks/stripe", post(webhook::receive))
        .with_state(state)
}
