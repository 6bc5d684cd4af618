//! What owners of addresses answer to the mail that asks them: `POST /api/marketing/confirmations` and, as RFC 8058 has it, `POST
//! /api/marketing/unsubscribe/{token}`. The token alone says who they are; one that isn't ours, or is over, is answered as one that never was. Must not log a token.

use axum::extract::State;
use axum::http::StatusCode;
use rerp_kit::http::{Json, Path};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use crate::state::AppState;
use crate::store::confirmation as store;

/// What confirming takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Confirmation")]
pub struct Body {
    /// What came in the mail.
    #[schemars(regex(pattern = "^[0-9a-f]{96}$"))]
    token: String,
}

/// Confirms what was agreed to under the address that the mail went to; as often as it is said, once.
///
/// # Errors
/// A problem.
pub async fn confirm(State(state): State<AppState>, Json(body): Json<Body>) -> Result<StatusCode, Problem> {
    let id = shown(&state, &body.token)?;
    // Whoever has the token may: nobody is signed in who reads mail.
    answered(store::confirm(&state.db.at_work(), id).await?)
}

/// Takes nothing from the address any more that the mail went to. What the mail program sends along is always the same, and isn't read.
///
/// # Errors
/// A problem.
pub async fn unsubscribe(State(state): State<AppState>, Path(token): Path<String>) -> Result<StatusCode, Problem> {
    let id = shown(&state, &token)?;
    answered(store::object(&state.db.at_work(), id).await?)
}

/// The question that a token stands for.
fn shown(state: &AppState, token: &str) -> Result<Uuid, Problem> {
    state.confirmations.as_ref().and_then(|keys| keys.shown(token)).ok_or_else(unknown)
}

fn answered(done: bool) -> Result<StatusCode, Problem> {
    if done { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

fn unknown() -> Problem {
    Problem::new(NOT_FOUND).detail("this link is none of ours, or was good for seven days and is over")
}
