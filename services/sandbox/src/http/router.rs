//! Routes. In: nothing. Out: a router with its state. A vendor's paths are its own, below its name: clients are pointed at
//! `http://…/resend` instead of `https://api.resend.com`.

use super::world::World;
use super::{control, patterns, resend, scenarios, stripe, twilio};
use crate::post::twilio::VERSION;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post, put};
use std::sync::Arc;

/// Largest body of a vendor's call: no message of ours comes close, and what arrives is kept.
const LARGEST_MESSAGE: usize = 64 * 1024;

/// The routes of the sandbox. `http` is what events are sent with.
pub fn router(http: reqwest::Client) -> Router {
    Router::new()
        .route("/trading/patterns", post(patterns::detect))
        .route("/trading/scenarios", post(scenarios::begin))
        .route("/trading/scenarios/{id}", get(scenarios::show))
        .route("/trading/scenarios/{id}/actions", post(scenarios::act))
        .merge(vendors())
        .route("/sandbox/messages", get(control::messages))
        .route("/sandbox/calls", get(control::calls))
        .route("/sandbox/faults", post(control::wish))
        .route("/sandbox/stripe/webhook", put(stripe::endpoint))
        .route("/sandbox/stripe/deliver", post(stripe::deliver))
        .with_state(Arc::new(World::new(http)))
}

fn vendors() -> Router<Arc<World>> {
    Router::new()
        .route("/resend/emails", post(resend::send))
        .route("/resend/emails/{id}", get(resend::show))
        .route(&format!("/twilio/{VERSION}/Accounts/{{account}}/Messages.json"), post(twilio::send))
        .route(&format!("/twilio/{VERSION}/Accounts/{{account}}/Messages/{{file}}"), get(twilio::show))
        .route("/stripe/v1/{*rest}", any(stripe::call))
        .layer(DefaultBodyLimit::max(LARGEST_MESSAGE))
}
