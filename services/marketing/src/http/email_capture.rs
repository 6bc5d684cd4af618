//! `POST /api/marketing/email-capture`: a visitor leaves an address in a form. In comes the form; out goes 201 with
//! identifiers, or 202 while Identity can't give one for the address. Must not log what it reads.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rerp_kit::http::Json;
use rerp_kit::idempotency::{Key, Standing};
use rerp_kit::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{answer, company, email};
use crate::domain::captcha::Action;
use crate::domain::capture::Capture;
use crate::domain::{Lead, Receipt};
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
    /// The version of the text that the visitor agreed to.
    #[schemars(length(max = 64), regex(pattern = "^[A-Za-z0-9_.-]*$"))]
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
    let passed = state.captcha.check(form.recaptcha_token.as_deref(), Action::EmailCapture, key.as_ref()).await?;
    let asked = email::ask(&state, &form.email).await?;
    let company = company::of(&state.account, capture.company.as_deref()).await?;
    let db = state.db.at_work();
    for (id, claim) in asked.claims("email-capture", key, &capture)? {
        let created = Receipt { id, email_address_id: asked.id(), company_id: company.id() };
        let kept = asked.kept(Lead::Capture, id)?;
        let with = (passed.as_ref(), kept.as_ref());
        let stored = store::capture::insert(&db, &created, &capture, &company, with, claim).await;
        if !matches!(stored, Ok(Standing::Reused)) {
            return answer::created(&created, stored);
        }
    }
    Err(asked.reused())
}
