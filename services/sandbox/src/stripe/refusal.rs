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
    /// Why a card says no, in the words of whoever issued it.
    decline: Option<&'static str>,
    /// The object that stays behind, and its kind.
    left: Option<Box<(&'static str, Value)>>,
}

/// How a card says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decline {
    /// In Stripe's words.
    pub code: &'static str,
    /// In those of whoever issued it.
    pub decline: &'static str,
    /// For people.
    pub message: &'static str,
}

impl Decline {
    /// Nobody says why.
    pub(super) const GENERIC: Self =
        Self { code: "card_declined", decline: "generic_decline", message: "Your card was declined." };
    /// There is too little on it.
    pub(super) const FUNDS: Self =
        Self { code: "card_declined", decline: "insufficient_funds", message: "Your card has insufficient funds." };
    /// Its time is over.
    pub(super) const EXPIRED: Self =
        Self { code: "expired_card", decline: "expired_card", message: "Your card has expired." };
    /// The digits on its back are others.
    pub(super) const CVC: Self =
        Self { code: "incorrect_cvc", decline: "incorrect_cvc", message: "Your card's security code is incorrect." };

    /// As an object remembers it.
    pub(super) fn document(self) -> Value {
        json!({ "type": "card_error", "code": self.code, "decline_code": self.decline, "message": self.message })
    }
}

impl Refusal {
    fn new(status: u16, kind: &'static str, message: String) -> Self {
        Self { status, kind, code: None, param: None, message, decline: None, left: None }
    }

    /// No key, or not one of ours.
    pub(super) fn no_key(given: Option<&str>) -> Self {
        let message = match given {
            // What was given may be the key of something else.
            Some(_) => "Invalid API Key provided.".to_owned(),
            None => "You did not provide an API key.".to_owned(),
        };
        Self::new(401, "invalid_request_error", message)
    }

    /// The key is one that everybody may know.
    pub(super) fn secret_key_needed() -> Self {
        let message = "This API call cannot be made with a publishable API key. Please use a secret API key.";
        Self { code: Some("secret_key_required"), ..Self::new(403, "invalid_request_error", message.to_owned()) }
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

    /// A parameter that nobody knows, or that is not played here.
    pub(super) fn unknown(param: &str) -> Self {
        let refusal = Self::new(400, "invalid_request_error", format!("Received unknown parameter: {param}"));
        Self { code: Some("parameter_unknown"), param: Some(param.into()), ..refusal }
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
    pub(super) fn declined(decline: Decline) -> Self {
        let Decline { code, decline, message } = decline;
        Self { code: Some(code), decline: Some(decline), ..Self::new(402, "card_error", message.into()) }
    }

    /// The same, and this object has seen it.
    pub(super) fn leaving(self, name: &'static str, object: Value) -> Self {
        Self { left: Some(Box::new((name, object))), ..self }
    }

    /// As a body.
    #[must_use]
    pub(super) fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = json!(code);
            error["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        if let Some(decline) = self.decline {
            error["decline_code"] = json!(decline);
        }
        if let Some(left) = &self.left {
            let (name, object) = left.as_ref();
            error[*name] = object.clone();
        }
        json!({ "error": error })
    }
}
