//! Stripe Identity: sessions in which a person shows who they are. No document is ever shown here.

use serde_json::{Value, json};

use super::form::Given;
use super::refusal::Refusal;
use super::state::{Kind, State};

/// `POST /v1/identity/verification_sessions`.
pub(super) fn create(state: &mut State, given: Given<'_>) -> Result<Value, Refusal> {
    let id = state.id(Kind::VerificationSession);
    let session = json!({
        "client_secret": State::secret(&id),
        "url": format!("https://verify.stripe.com/start/{id}"),
        "id": id,
        "type": given.text("/type").unwrap_or("document"),
        "status": "requires_input",
        "last_error": null,
        "metadata": given.metadata(),
    });
    state.add(Kind::VerificationSession, session, Some("created"))
}

/// `POST /v1/identity/verification_sessions/{id}/cancel`.
pub(super) fn cancel(state: &mut State, id: &str) -> Result<Value, Refusal> {
    if state.get(Kind::VerificationSession, id)?["status"] != "requires_input" {
        return Err(Refusal::state(
            "verification_session_unexpected_state",
            "This session can't be canceled any more.",
        ));
    }
    state.change(Kind::VerificationSession, id, "canceled", |session| session["status"] = json!("canceled"))
}

/// `POST /v1/test_helpers/identity/verification_sessions/{id}/…`: what the person does at Stripe, and what comes of it.
pub(super) fn decide(state: &mut State, id: &str, verified: bool) -> Result<Value, Refusal> {
    state.get(Kind::VerificationSession, id)?;
    state.change(Kind::VerificationSession, id, "processing", |session| session["status"] = json!("processing"))?;
    let verb = if verified { "verified" } else { "requires_input" };
    state.change(Kind::VerificationSession, id, verb, |session| {
        session["status"] = json!(verb);
        if !verified {
            session["last_error"] = json!({ "code": "document_unverified_other" });
        }
    })
}
