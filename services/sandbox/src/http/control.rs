//! `/sandbox…`: what no vendor has. Tests and people look into mailboxes and wish for failures.

use super::world::World;
use crate::post::fault::{Fault, Vendor};
use crate::post::mailbox::Message;
use axum::extract::State;
use axum::http::StatusCode;
use rerp_kit::http::{Json, Query};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whose messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    to: String,
}

/// What came.
#[derive(Debug, Serialize)]
pub(super) struct Messages {
    /// Oldest first.
    messages: Vec<Message>,
}

/// `GET /sandbox/messages?to=…`.
pub(super) async fn messages(State(world): State<Arc<World>>, Query(whose): Query<Whose>) -> axum::Json<Messages> {
    axum::Json(Messages { messages: world.mailbox.of(&whose.to) })
}

/// How often each vendor was called.
#[derive(Debug, Serialize)]
pub(super) struct Calls {
    resend: u64,
    twilio: u64,
    stripe: u64,
    supabase: u64,
    recaptcha: u64,
    turnstile: u64,
}

/// `GET /sandbox/calls`.
pub(super) async fn calls(State(world): State<Arc<World>>) -> axum::Json<Calls> {
    let of = |vendor| world.faults.calls(vendor);
    axum::Json(Calls {
        resend: of(Vendor::Resend),
        twilio: of(Vendor::Twilio),
        stripe: of(Vendor::Stripe),
        supabase: of(Vendor::Supabase),
        recaptcha: of(Vendor::Recaptcha),
        turnstile: of(Vendor::Turnstile),
    })
}

/// `POST /sandbox/faults`.
pub(super) async fn wish(State(world): State<Arc<World>>, Json(fault): Json<Fault>) -> Result<StatusCode, Problem> {
    if let Some((field, mistake)) = fault.mistake() {
        return Err(Problem::new(INVALID_VALUE).field(field, mistake));
    }
    world.faults.wish(fault);
    Ok(StatusCode::NO_CONTENT)
}
