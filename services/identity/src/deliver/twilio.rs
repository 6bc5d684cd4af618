//! Texts through Twilio's Messages resource. In come a number and a code; out goes a request. Must not send anything itself.

use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use url::form_urlencoded::Serializer;

use super::words;
use crate::domain::otp::Code;
use crate::domain::phone::PhoneNumber;

/// An account at Twilio.
#[derive(Debug, Clone)]
pub struct Twilio {
    /// The client to ask with.
    pub http: reqwest::Client,
    /// Where Twilio is.
    pub base: Url,
    /// The account's identifier.
    pub account: String,
    /// Its token.
    pub token: SecretString,
    /// Sender, a number that the account owns.
    pub from: String,
}

impl Twilio {
    pub(super) fn request(&self, to: &PhoneNumber, code: &Code) -> RequestBuilder {
        self.message(to, &words(code))
    }

    pub(super) fn message(&self, to: &PhoneNumber, text: &str) -> RequestBuilder {
        let mut form = Serializer::new(String::new());
        form.append_pair("To", to.as_str()).append_pair("From", &self.from).append_pair("Body", text);
        let base = self.base.as_str().trim_end_matches('/');
        self.http
            .post(format!("{base}/2010-04-01/Accounts/{}/Messages.json", self.account))
            .basic_auth(&self.account, Some(self.token.expose_secret()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish())
    }
}
