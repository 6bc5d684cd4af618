//! Mail through Resend's `POST /emails`. In come an address and a code or a link; out goes a request. Must not send anything itself.

use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
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

    /// With the headers of RFC 8058: a mail program may offer to want nothing more, and says so by one request without anybody looking at a page.
    pub(super) fn confirmation(
        &self,
        to: &EmailAddress,
        page: &Url,
        unsubscribe: &Url,
        message: Uuid,
    ) -> RequestBuilder {
        let text = format!(
            "Somebody left this address on our website and agreed to get mail from us. If that was you, follow this link: {page}\n\n\
             If it wasn't, there is nothing to do: without your word no mail follows. You may also tell us there that you want none from us, ever."
        );
        let headers = json!({
            "List-Unsubscribe": format!("<{unsubscribe}>"),
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        });
        let mut body = self.body(to, "Please confirm your address", &text);
        body["headers"] = headers;
        self.post(&body, format!("confirmation-{message}"))
    }

    pub(super) fn letter(&self, to: &EmailAddress, subject: &str, text: &str, key: String) -> RequestBuilder {
        self.post(&self.body(to, subject, text), key)
    }

    fn body(&self, to: &EmailAddress, subject: &str, text: &str) -> Value {
        json!({
            "from": self.from,
            "to": [to.as_str()],
            "subject": subject,
            "text": text,
        })
    }

    fn post(&self, body: &Value, key: String) -> RequestBuilder {
        self.http
            .post(format!("{}/emails", self.base.as_str().trim_end_matches('/')))
            .bearer_auth(self.key.expose_secret())
            .header("idempotency-key", key)
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string())
    }
}
