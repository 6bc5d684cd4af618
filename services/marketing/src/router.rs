//! The routes. In comes the state; out goes a router. Must not hold handlers.

use axum::Router;
use axum::routing::{delete, get, post, put};
use rerp_kit::events::dead_letters;

use crate::http::{captcha, confirmation, consent, contact, email_capture, export, funnel, lead, people, suppression};
use crate::state::AppState;

/// All routes of the service, without the guard that the kit puts around them.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/api/marketing/email-capture", post(email_capture::create))
        .route("/api/marketing/contact", post(contact::create))
        .route("/api/marketing/captcha/challenge", get(captcha::challenge))
        .route("/api/marketing/consent-texts/{version}", put(consent::declare).get(consent::show))
        .route("/api/marketing/confirmations", post(confirmation::confirm))
        .route("/api/marketing/unsubscribe/{token}", post(confirmation::unsubscribe))
        .route("/api/marketing/suppressions", get(suppression::list).post(suppression::add))
        .route("/api/marketing/suppressions/{email_address_id}", delete(suppression::remove))
        .route("/api/marketing/leads", get(lead::leads))
        .route("/api/marketing/leads/export", post(export::leads))
        .route("/api/marketing/messages", get(lead::messages))
        .route("/api/marketing/funnel", get(funnel::by_source))
        .route("/api/marketing/audit", get(lead::audited))
        .route("/api/marketing/people/{human_name_id}/export", get(people::export))
        .route("/api/marketing/dead-letters", get(dead_letters::page))
        .route("/api/marketing/dead-letters/{id}/replay", post(dead_letters::replay))
        .with_state(state)
}
