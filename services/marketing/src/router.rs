//! The routes. In comes the state; out goes a router. Must not hold handlers.

use axum::Router;
use axum::routing::{get, post};

use crate::http::{contact, email_capture, people};
use crate::state::AppState;

/// All routes of the service, without the guard that the kit puts around them.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/api/marketing/email-capture", post(email_capture::create))
        .route("/api/marketing/contact", post(contact::create))
        .route("/api/marketing/people/{human_name_id}/export", get(people::export))
        .with_state(state)
}
