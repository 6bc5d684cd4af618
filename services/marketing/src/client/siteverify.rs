//! The vendors of captchas: `siteverify` of reCAPTCHA and of Turnstile, which speak alike. In comes a visitor's token; out goes what the vendor says of it. Must
//! not store or log the token, nor tell the vendor the visitor's address: neither needs it.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use url::Url;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::domain::captcha::Said;

/// How long an answer is waited for: a visitor waits too.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often a vendor is asked at most. Only who wasn't reached at all is asked again: a token that reached the vendor is spent.
const ATTEMPTS: u32 = 2;
/// Largest answer in bytes.
const LARGEST: usize = 16 * 1024;

/// Which vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Cloudflare's.
    Turnstile,
    /// Google's, version 2 or 3.
    Recaptcha,
}

impl Provider {
    /// Where it is asked.
    #[must_use]
    pub fn host(self) -> &'static str {
        match self {
            Self::Turnstile => "https://challenges.cloudflare.com",
            Self::Recaptcha => "https://www.google.com",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Turnstile => "/turnstile/v0/siteverify",
            Self::Recaptcha => "/recaptcha/api/siteverify",
        }
    }

    /// What is stored of somebody who passed.
    #[must_use]
    pub fn verdict(self) -> &'static str {
        match self {
            Self::Turnstile => "passed:turnstile",
            Self::Recaptcha => "passed:recaptcha",
        }
    }
}

/// Why a vendor said nothing.
#[derive(Debug, thiserror::Error)]
pub enum SilentVendor {
    /// It was not reached, or its answer was lost.
    #[error("asking the captcha's vendor")]
    Unreachable(#[source] reqwest::Error),
    /// It did not answer in time.
    #[error("the captcha's vendor did not answer in time")]
    Late,
    /// It can't just now.
    #[error("the captcha's vendor answered {0}")]
    Unable(StatusCode),
    /// It answered something that is none of its answers.
    #[error("reading what the captcha's vendor answered")]
    Unreadable,
    /// It doesn't take our secret, or is unwell.
    #[error("the captcha's vendor refuses us: is RERP_CAPTCHA_SECRET right?")]
    RefusesUs,
}

/// A vendor, asked on behalf of one website. Clones share connections.
#[derive(Debug, Clone)]
pub struct SiteVerify {
    /// The client to ask with.
    pub http: reqwest::Client,
    /// Which vendor.
    pub provider: Provider,
    /// Where it is.
    pub base: Url,
    /// The website's secret there.
    pub secret: SecretString,
}

impl SiteVerify {
    /// What the vendor says of a token. `request` stays the same when the visitor's request comes again: Turnstile says the same once more then.
    ///
    /// # Errors
    /// See [`SilentVendor`].
    pub async fn ask(&self, token: &str, request: Option<Uuid>) -> Result<Said, SilentVendor> {
        let said = timeout(PATIENCE, self.asked(token, request)).await.map_err(|_| SilentVendor::Late)??;
        if said.is_about_us() { Err(SilentVendor::RefusesUs) } else { Ok(said) }
    }

    async fn asked(&self, token: &str, request: Option<Uuid>) -> Result<Said, SilentVendor> {
        let (body, address) = (self.form(token, request), self.address());
        for attempt in 1.. {
            let request = self.http.post(&address).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            match request.body(body.clone()).send().await {
                Ok(response) => return read(response).await,
                Err(error) if error.is_connect() && attempt < ATTEMPTS => {}
                Err(error) => return Err(unreachable(error)),
            }
        }
        Err(SilentVendor::Late)
    }

    fn form(&self, token: &str, request: Option<Uuid>) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("secret", self.secret.expose_secret()).append_pair("response", token);
        if let (Provider::Turnstile, Some(request)) = (self.provider, request) {
            form.append_pair("idempotency_key", &request.to_string());
        }
        form.finish()
    }

    fn address(&self) -> String {
        format!("{}{}", self.base.as_str().trim_end_matches('/'), self.provider.path())
    }
}

async fn read(mut response: Response) -> Result<Said, SilentVendor> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(SilentVendor::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    // A refusal may come with 400, and says why in the same words.
    if !status.is_success() && status != StatusCode::BAD_REQUEST {
        return Err(SilentVendor::Unable(status));
    }
    serde_json::from_slice(&body).map_err(|_| SilentVendor::Unreadable)
}

fn unreachable(error: reqwest::Error) -> SilentVendor {
    SilentVendor::Unreachable(error.without_url())
}
