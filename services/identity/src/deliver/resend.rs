//! Mail through Resend's `POST /emails`. In come an address and a code; out goes a request. Must not send anything itself.

use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::words;
use crate::domain::email::EmailAddress;
use crate::domain::otp::Code;

/// An account at Resend.
#[derive(Debug, Clone)]
pub struct Resend {
    /// The client to ask with.
    pub http: reqwest::Client,
    /// Where Resend is.
    pub base: Url,
    /// Its API key.
    pub key: SecretString,
    /// Sender, of a domain that the account owns.
    pub from: String,
}

impl Resend {
    pub(super) fn request(&self, to: &EmailAddress, code: &Code, message: Uuid) -> RequestBuilder {
        let body = json!({
            "from": self.from,
            "to": [to.as_str()],
            "subject": "Your code",
            "text": words(code),
        });
        self.http
            .post(format!("{}/emails", self.base.as_str().trim_end_matches('/')))
            .bearer_auth(self.key.expose_secret())
            .header("idempotency-key", format!("otp-{message}"))
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string())
    }
}
