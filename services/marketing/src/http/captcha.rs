//! `GET /api/marketing/captcha/challenge`: work for a visitor's browser, in the form that ALTCHA's widget asks for. In: nothing. Out: a challenge that is good for
//! one form; 404 where forms need none of ours. Nothing is stored until it is solved.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;

use super::answer;
use crate::state::AppState;

/// Gives a challenge.
///
/// # Errors
/// A problem.
pub async fn challenge(State(state): State<AppState>) -> Result<Response, Problem> {
    let challenge = state.captcha.challenge();
    let challenge =
        challenge.ok_or_else(|| Problem::new(NOT_FOUND).detail("forms are taken without a proof of work here"))?;
    Ok(answer::private(StatusCode::OK, &challenge))
}
