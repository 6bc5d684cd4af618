//! Mail through Resend's `POST /emails`. In come an address and a code or a link; out goes a request. Must not send anything itself.

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
        self.letter(to, "Your code", &words(code), format!("otp-{message}"))
    }

    pub(super) fn invitation(&self, to: &EmailAddress, link: &Url, message: Uuid) -> RequestBuilder {
        let text = format!(
            "You are invited to work in an account. Follow this link and sign in: {link}\n\n\
             If you expected no invitation, there is nothing to do."
        );
        self.letter(to, "You are invited", &text, format!("invitation-{message}"))
    }

    pub(super) fn letter(&self, to: &EmailAddress, subject: &str, text: &str, key: String) -> RequestBuilder {
        let body = json!({
            "from": self.from,
            "to": [to.as_str()],
            "subject": subject,
            "text": text,
        });
        self.http
            .post(format!("{}/emails", self.base.as_str().trim_end_matches('/')))
            .bearer_auth(self.key.expose_secret())
            .header("idempotency-key", key)
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string())
    }
}
