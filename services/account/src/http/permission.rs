//! `GET /api/accounts/{account_id}/permissions/{human_name_id}`: what a person may do in an account, and why. Must not be kept by
//! anybody: the next answer may differ.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::Path;
use rerp_kit::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::answer;
use crate::domain::permission::Permission;
use crate::permissions;
use crate::state::AppState;

/// Every action, decided.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Permissions {
    /// The account.
    pub account_id: Uuid,
    /// Identity's.
    pub human_name_id: Uuid,
    /// Every action.
    pub permissions: Vec<Permission>,
}

/// Decides every action. A person without a role, known to Identity or not, may do nothing, and when it is that person who asks, there is no
/// such account.
///
/// # Errors
/// A problem.
pub async fn check(
    State(state): State<AppState>,
    caller: Caller,
    Path((account, person)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (account_id, human_name_id) = (answer::identifier(&account)?, answer::identifier(&person)?);
    let permissions =
        permissions::of(&state, &state.db.on_behalf(&caller), account_id, human_name_id, caller.reach()).await?;
    let permissions = permissions.ok_or_else(answer::no_account)?;
    let body = axum::Json(Permissions { account_id, human_name_id, permissions });
    Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
}
