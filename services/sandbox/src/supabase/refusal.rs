//! Errors as Supabase Auth answers them. Its codes: <https://supabase.com/docs/guides/auth/debugging/error-codes>.

use serde_json::{Value, json};

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The answer's status.
    pub status: u16,
    code: &'static str,
    message: String,
    kind: Kind,
}

/// What the body looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Usual,
    /// A weak password, and what it lacks.
    Weak(Vec<&'static str>),
    /// The door in front of Auth said no, with a hint.
    Door(&'static str),
}

impl Refusal {
    /// One with this status and code. Without a code it is unknown, or unexpected.
    #[must_use]
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), kind: Kind::Usual }
    }

    /// Something is wrong with the request.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "validation_failed", message)
    }

    /// Something is wrong on this side.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(500, "unexpected_failure", message)
    }

    /// Name or password is wrong; which one, nobody learns.
    pub(super) fn credentials() -> Self {
        Self::new(400, "invalid_credentials", "Invalid login credentials")
    }

    /// A code or link proves nothing.
    pub(super) fn expired(what: &str) -> Self {
        Self::new(403, "otp_expired", what)
    }

    /// There is no such user.
    pub(super) fn nobody() -> Self {
        Self::new(404, "user_not_found", "User not found")
    }

    /// Somebody who is signed in is needed.
    pub(super) fn bad_token(message: impl Into<String>) -> Self {
        Self::new(403, "bad_jwt", message)
    }

    /// This was asked for too often.
    pub(super) fn often() -> Self {
        Self::new(429, "over_request_rate_limit", "Request rate limit reached")
    }

    /// The password is too easy.
    pub(super) fn weak(message: String, reasons: Vec<&'static str>) -> Self {
        Self { kind: Kind::Weak(reasons), ..Self::new(422, "weak_password", message) }
    }

    /// No key of the project, or none that is one.
    pub(super) fn key(message: &str, hint: &'static str) -> Self {
        Self { kind: Kind::Door(hint), ..Self::new(401, "", message) }
    }

    /// Nothing lives there.
    pub(super) fn no_route() -> Self {
        Self::new(404, "", "404 page not found")
    }

    /// Its code, as a header has it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(self.code).filter(|code| !code.is_empty())
    }

    /// What it says to people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// As a body, for a client that asked for the version of 2024 or for none.
    #[must_use]
    pub fn body(&self, dated: bool) -> Value {
        let code = match (self.code, self.status) {
            ("", 500) => "unexpected_failure",
            ("", _) => "unknown",
            (code, _) => code,
        };
        if let Kind::Door(hint) = self.kind {
            return json!({ "message": self.message, "hint": hint });
        }
        let mut body = if dated {
            json!({ "code": code, "message": self.message })
        } else {
            json!({ "code": self.status, "error_code": code, "msg": self.message })
        };
        if let Kind::Weak(reasons) = &self.kind {
            body["weak_password"] = json!({ "reasons": reasons });
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_two_spellings() {
        let refusal = Refusal::invalid("no");
        assert_eq!(refusal.body(false), json!({"code": 400, "error_code": "validation_failed", "msg": "no"}));
        assert_eq!(refusal.body(true), json!({"code": "validation_failed", "message": "no"}));
        let weak = Refusal::weak("short".to_owned(), vec!["length"]);
        assert_eq!(weak.body(true)["weak_password"], json!({"reasons": ["length"]}));
        assert_eq!(Refusal::new(502, "", "hook").body(true)["code"], "unknown");
        assert_eq!(Refusal::key("No", "Give one").body(false), json!({"message": "No", "hint": "Give one"}));
    }
}
