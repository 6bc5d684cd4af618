//! `POST /api/marketing/email-capture`: a visitor leaves an address in a form. In comes the form; out goes 201 with
//! identifiers. Must not log what it reads.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rerp_kit::http::Json;
use rerp_kit::idempotency::{Claim, Key};
use rerp_kit::problem::Problem;
use serde::Deserialize;

use super::{answer, company};
use crate::domain::Receipt;
use crate::domain::captcha::Action;
use crate::domain::capture::Capture;
use crate::state::AppState;
use crate::store;

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    email: String,
    source: String,
    name: Option<String>,
    plan_code: Option<String>,
    company: Option<String>,
    /// The version of the text that the visitor agreed to.
    consent: Option<String>,
    /// Of the captcha, whichever it is; looked at only where one is switched on. It is a secret of two minutes, for a check and never for storing.
    #[serde(alias = "captcha_token")]
    recaptcha_token: Option<String>,
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
    let capture = capture?.consenting(form.consent.as_deref())?;
    let token = form.recaptcha_token.as_deref();
    let passed = state.captcha.check(token, Action::EmailCapture, key.as_ref()).await?;
    let email_address_id = state.identity.upsert_email(&form.email, "/email").await?;
    let company = company::of(&state.account, capture.company.as_deref()).await?;
    let (id, claim) = Claim::of_create("email-capture", key, &(email_address_id, &capture))?;
    let created = Receipt { id, email_address_id, company_id: company.id() };
    let stored = store::capture::insert(&state.db, &created, &capture, &company, passed.as_ref(), claim).await;
    answer::created(&created, stored)
}
