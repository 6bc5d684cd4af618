//! Errors as Stripe answers them. Source: <https://docs.stripe.com/api/errors> and its list of codes, read in November 2026.

use serde_json::{Value, json};

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The answer's status.
    pub status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
}

impl Refusal {
    fn new(status: u16, kind: &'static str, message: String) -> Self {
        Self { status, kind, code: None, param: None, message }
    }

    /// No key, or not one of ours.
    pub(super) fn no_key() -> Self {
        Self::new(401, "invalid_request_error", "You did not provide a usable API key.".into())
    }

    /// Nothing lives there.
    pub(super) fn no_route(method: &str, path: &str) -> Self {
        Self::new(404, "invalid_request_error", format!("Unrecognized request URL ({method}: {path})."))
    }

    /// There is no such object.
    pub(super) fn missing(kind: &str, id: &str) -> Self {
        let refusal = Self::new(404, "invalid_request_error", format!("No such {kind}: '{id}'"));
        Self { code: Some("resource_missing"), param: Some("id".into()), ..refusal }
    }

    /// A parameter that has to be there.
    pub(super) fn required(param: &str) -> Self {
        let refusal = Self::new(400, "invalid_request_error", format!("Missing required param: {param}."));
        Self { code: Some("parameter_missing"), param: Some(param.into()), ..refusal }
    }

    /// A parameter that means nothing.
    pub(super) fn invalid(param: &str, message: &str) -> Self {
        let refusal = Self::new(400, "invalid_request_error", message.into());
        Self { param: Some(param.into()), ..refusal }
    }

    /// The identifier that the caller chose names something else.
    pub(super) fn taken(id: &str) -> Self {
        let refusal = Self::new(400, "invalid_request_error", format!("{id} already exists."));
        Self { code: Some("resource_already_exists"), param: Some("id".into()), ..refusal }
    }

    /// An object that is in no state for this.
    pub(super) fn state(code: &'static str, message: &str) -> Self {
        Self { code: Some(code), ..Self::new(400, "invalid_request_error", message.into()) }
    }

    /// The key was used with something else.
    pub(super) fn key_reused() -> Self {
        let message =
            "Keys for idempotent requests can only be used with the same parameters they were first used with.";
        Self::new(400, "idempotency_error", message.into())
    }

    /// The card says no.
    pub(super) fn declined() -> Self {
        Self { code: Some("card_declined"), ..Self::new(402, "card_error", "Your card was declined.".into()) }
    }

    /// As a body.
    #[must_use]
    pub(super) fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = json!(code);
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        json!({ "error": error })
    }
}
