//! `POST /api/marketing/email-capture`: a visitor leaves an address in a form. In comes the form; out goes 201 with
//! identifiers. Must not log what it reads.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rerp_kit::http::Json;
use rerp_kit::idempotency::{Claim, Key};
use rerp_kit::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{answer, company};
use crate::domain::Receipt;
use crate::domain::capture::Capture;
use crate::state::AppState;
use crate::store;

/// The form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CaptureForm")]
pub struct Form {
    /// The visitor's address.
    #[schemars(email, length(min = 1, max = 1024))]
    email: String,
    /// Which form it was.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z0-9_.-]+$"))]
    source: String,
    /// The visitor's name.
    #[schemars(length(max = 200))]
    name: Option<String>,
    /// The plan that the form was about.
    #[schemars(length(max = 64), regex(pattern = "^[A-Za-z0-9_.-]*$"))]
    plan_code: Option<String>,
    /// The visitor's company, as typed.
    #[schemars(length(max = 500))]
    company: Option<String>,
    /// Taken so that forms may send it. It is a secret of two minutes, for a check and never for storing.
    #[serde(rename = "recaptcha_token")]
    _recaptcha_token: Option<String>,
}

/// Stores a capture.
///
/// # Errors
/// A problem.
pub async fn create(
    State(state): State<AppState>,
    headers: HeaderMap,
    Json(form): Json<Form>,
) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let Form { source, name, plan_code, company, .. } = &form;
    let capture = Capture::new(source, name.as_deref(), plan_code.as_deref(), company.as_deref());
    let capture = capture?;
    let email_address_id = state.identity.upsert_email(&form.email, "/email").await?;
    let company = company::of(&state.account, capture.company.as_deref()).await?;
    let (id, claim) = Claim::of_create("email-capture", key, &(email_address_id, &capture))?;
    let created = Receipt { id, email_address_id, company_id: company.id() };
    let stored = store::capture::insert(&state.db.at_work(), &created, &capture, &company, claim).await;
    answer::created(&created, stored)
}
