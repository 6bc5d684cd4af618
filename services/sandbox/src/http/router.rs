//! Routes. In: nothing. Out: a router with its state. A vendor's paths are its own, below its name: clients are pointed at
//! `http://…/resend` instead of `https://api.resend.com`.

use super::world::World;
use super::{control, patterns, resend, scenarios, twilio};
use crate::post::twilio::VERSION;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use std::sync::Arc;

/// Largest body of a vendor's call: no message of ours comes close, and what arrives is kept.
const LARGEST_MESSAGE: usize = 64 * 1024;

/// The routes of the sandbox.
pub fn router() -> Router {
    Router::new()
        .route("/trading/patterns", post(patterns::detect))
        .route("/trading/scenarios", post(scenarios::begin))
        .route("/trading/scenarios/{id}", get(scenarios::show))
        .route("/trading/scenarios/{id}/actions", post(scenarios::act))
        .merge(vendors())
        .route("/sandbox/messages", get(control::messages))
        .route("/sandbox/calls", get(control::calls))
        .route("/sandbox/faults", post(control::wish))
        .with_state(Arc::new(World::default()))
}

fn vendors() -> Router<Arc<World>> {
    Router::new()
        .route("/resend/emails", post(resend::send))
        .route("/resend/emails/{id}", get(resend::show))
        .route(&format!("/twilio/{VERSION}/Accounts/{{account}}/Messages.json"), post(twilio::send))
        .route(&format!("/twilio/{VERSION}/Accounts/{{account}}/Messages/{{file}}"), get(twilio::show))
        .layer(DefaultBodyLimit::max(LARGEST_MESSAGE))
}
