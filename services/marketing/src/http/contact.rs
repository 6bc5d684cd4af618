//! `POST /api/marketing/contact`: a visitor writes a message. In comes the form; out goes 201 with identifiers, or 202
//! while Identity can't give one for the address.
//! Must not log what it reads.

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
use crate::domain::contact::ContactMessage;
use crate::domain::{Lead, Receipt};
use crate::state::AppState;
use crate::store;

/// The form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ContactForm")]
pub struct Form {
    /// The visitor's address.
    #[schemars(email, length(min = 1, max = 1024))]
    email: String,
    /// The visitor's name.
    #[schemars(length(min = 1, max = 200))]
    name: String,
    /// The message, which may have several lines.
    #[schemars(length(min = 1, max = 5000))]
    message: String,
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

/// Stores a message.
///
/// # Errors
/// A problem.
pub async fn create(
    State(state): State<AppState>,
    headers: HeaderMap,
    Json(form): Json<Form>,
) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let message = ContactMessage::new(&form.name, &form.message, form.company.as_deref());
    let message = message?.consenting(form.consent.as_deref())?;
    let passed = state.captcha.check(form.recaptcha_token.as_deref(), Action::Contact, key.as_ref()).await?;
    let asked = email::ask(&state, &form.email).await?;
    let company = company::of(&state.account, message.company.as_deref()).await?;
    let db = state.db.at_work();
    for (id, claim) in asked.claims("contact", key, &message)? {
        let created = Receipt { id, email_address_id: asked.id(), company_id: company.id() };
        let kept = asked.kept(Lead::Message, id)?;
        let with = (passed.as_ref(), kept.as_ref());
        let stored = store::contact::insert(&db, &created, &message, &company, with, claim).await;
        if !matches!(stored, Ok(Standing::Reused)) {
            return answer::created(&created, stored);
        }
    }
    Err(asked.reused())
}
