//! Stripe's webhook: `POST /api/billing/webhooks/stripe`. In comes an event; it is stored and answered, nothing else: Stripe waits for the
//! answer and counts a late one as none. Must not log bodies.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use rerp_kit::http::{Raw, single_header};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INVALID_BODY, MALFORMED_HEADER};

use crate::domain::event::Event;
use crate::domain::signature;
use crate::state::AppState;
use crate::store::inbox;

/// Largest event, bytes: what the gateway lets through. Everything else here has the limit of all services.
pub const LARGEST: usize = 256 * 1024;

/// Takes an event.
///
/// # Errors
/// A problem: it isn't proven to be Stripe's, or it can't be stored now; then Stripe sends it again.
pub async fn receive(State(state): State<AppState>, headers: HeaderMap, Raw(body): Raw) -> Result<StatusCode, Problem> {
    let header = single_header(&headers, "stripe-signature")?
        .ok_or_else(|| Problem::new(MALFORMED_HEADER).detail("the header Stripe-Signature is missing"))?;
    signature::verify(header, &body, &state.webhook_secrets, Timestamp::now())
        .map_err(|refused| Problem::new(MALFORMED_HEADER).detail(refused.to_string()))?;
    let event = Event::read(&body).map_err(|mistake| Problem::new(INVALID_BODY).detail(mistake))?;
    inbox::put(&state.db.at_work(), &event).await?;
    Ok(StatusCode::OK)
}
