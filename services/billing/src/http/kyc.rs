//! Who pays is who they say, over HTTP: `POST /api/billing/kyc/verify` and `GET /api/billing/kyc/status/{account_id}`. Documents are shown to
//! Stripe and never pass here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{CHANGED_MEANWHILE, NOT_FOUND};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer;
use crate::state::AppState;
use crate::store::kyc::{self as store, Verification};

/// What beginning takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewVerification")]
pub struct Body {
    /// The account.
    #[schemars(with = "Uuid")]
    account_id: String,
    /// Who asks: one's own identifier.
    #[schemars(with = "Uuid")]
    human_name_id: String,
}

/// A verification, as it is answered.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Verification")]
pub(crate) struct View {
    /// Our identifier.
    verification_id: Uuid,
    /// Account's: for which account.
    account_id: Uuid,
    /// Identity's: who pays.
    human_name_id: Uuid,
    /// `requested` until Stripe has answered, then Stripe's word.
    verification_status: String,
    /// When it was first seen verified.
    verified_at: Option<Timestamp>,
    /// Where the person shows documents, to Stripe. Good for this one verification, and only in the answer to its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl View {
    fn of(row: Verification, url: Option<String>) -> Self {
        Self {
            verification_id: row.id,
            account_id: row.account_id,
            human_name_id: row.human_name_id,
            verification_status: row.verification_status,
            verified_at: row.verified_at.map(|at| at.to_jiff()),
            url,
        }
    }
}

/// Begins to verify that it is oneself who pays for an account: 201, or 200 with the one under way. One is under way for a person and an account, so no key
/// is needed.
///
/// # Errors
/// A problem.
pub async fn verify(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let account = answer::field("/account_id", &body.account_id)?;
    let person = answer::field("/human_name_id", &body.human_name_id)?;
    caller.must_be(person, "/human_name_id")?;
    state.identity.must_know(person, "/human_name_id").await?;
    let asked = store::ask(&state.db.on_behalf(&caller), Uuid::now_v7(), account, person).await?;
    let (mut row, begun) = asked.ok_or_else(|| Problem::new(CHANGED_MEANWHILE).detail("ask again"))?;
    let made = state.asking(&caller).verification(&row).await.map_err(answer::no_answer)?;
    row.verification_status = made.status;
    let status = if begun { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(View::of(row, made.url))).into_response())
}

/// What counts for an account of what the caller has begun: a verification that succeeded, or else the newest.
///
/// # Errors
/// A problem.
pub async fn status(State(db): State<Db>, caller: Caller, Path(account): Path<String>) -> Result<Response, Problem> {
    let found = store::of_account(&db.on_behalf(&caller), answer::identifier(&account)?, caller.reach()).await?;
    let row =
        found.ok_or_else(|| Problem::new(NOT_FOUND).detail("nobody has begun to verify who pays for this account"))?;
    Ok(axum::Json(View::of(row, None)).into_response())
}
