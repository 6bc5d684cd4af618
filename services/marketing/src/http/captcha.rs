//! `GET /api/marketing/captcha/challenge`: work for a visitor's browser, in the form that ALTCHA's widget asks for. In: nothing. Out: a challenge that is good for
//! one form; 204 where forms need none of ours, for browsers note every failure where people see it. Nothing is stored until it is solved.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::answer;
use crate::state::AppState;

/// Gives a challenge.
pub async fn challenge(State(state): State<AppState>) -> Response {
    match state.captcha.challenge() {
        Some(challenge) => answer::private(StatusCode::OK, &challenge),
        None => (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response(),
    }
}
