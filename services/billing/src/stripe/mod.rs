//! Stripe over HTTP. In come identifiers and forms; out go its objects. Written by hand: the dozen calls that billing makes are a fraction
//! of any client library, which would be the largest thing in this program.
//! Must not log what Stripe says: it may repeat names and addresses.

mod form;
pub mod object;

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};
use url::Url;

use self::object::List;
use crate::domain::event::Kind;
pub use form::Form;

/// The version of Stripe's interface that the objects here are read by; Stripe keeps answering in it.
pub const VERSION: &str = "2026-10-28.endive";
/// Time one request has.
const REQUEST: Duration = Duration::from_secs(10);
/// How often a request is made at most.
const ATTEMPTS: u32 = 3;
/// First pause between two attempts; grows threefold.
const PAUSE: Duration = Duration::from_millis(300);

/// Why Stripe gave no object.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// It refused the request; the code is from its closed list.
    #[error("stripe answered {status} ({code})")]
    Refused {
        /// The answer's status.
        status: StatusCode,
        /// Stripe's code for it, or its type.
        code: String,
    },
    /// It was not reached, or did not answer in time.
    #[error("stripe was not reached: {0}")]
    Unreachable(&'static str),
    /// It answered what the interface's version doesn't allow.
    #[error("stripe's answer can't be read")]
    Unreadable(#[source] serde_json::Error),
}

impl StripeError {
    /// Whether it is certain that a request to make something made nothing: its content was refused. A key that was used before, one that isn't
    /// taken, or an answer that can't be read prove nothing of the kind.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { status, code }
            if matches!(status.as_u16(), 400 | 402 | 404) && code != "idempotency_error")
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused { status, .. } => is_passing(*status),
            Self::Unreachable(_) => true,
            Self::Unreadable(_) => false,
        }
    }
}

/// An account at Stripe. Clones share connections.
#[derive(Debug, Clone)]
pub struct Stripe {
    /// The client to ask with.
    pub http: reqwest::Client,
    /// Where Stripe is.
    pub base: Url,
    /// The secret key.
    pub key: SecretString,
}

impl Stripe {
    /// Makes an object. `key` makes the repetition of a request harmless: the same key and form give the same object for at least a day.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn create<T: DeserializeOwned>(&self, path: &str, form: &Form, key: &str) -> Result<T, StripeError> {
        let body = form.encoded();
        let request = || {
            self.request(self.http.post(self.at(path)))
                .header("idempotency-key", key)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.clone())
        };
        read(repeated(request).await?).await
    }

    /// Ends an object. Done twice it is refused, as an object that isn't there: what has ended stays so.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn delete(&self, path: &str) -> Result<(), StripeError> {
        let address = self.at(path);
        repeated(|| self.request(self.http.delete(&address))).await.map(drop)
    }

    /// An object as it is now; none if there is none of this identifier.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn fetch<T: DeserializeOwned>(&self, kind: Kind, id: &str) -> Result<Option<T>, StripeError> {
        // How an invoice is paid is left out unless asked for.
        let more = if kind == Kind::Invoice { "?expand[]=payments" } else { "" };
        let address = self.at(&format!("{}/{id}{more}", kind.path()));
        match repeated(|| self.request(self.http.get(&address))).await {
            Ok(response) => read(response).await.map(Some),
            Err(StripeError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Objects with `value` in the field `name` of their metadata. Stripe finds an object only some time after it was made.
    /// `value` must not hold quotation marks.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn search<T: DeserializeOwned>(
        &self,
        kind: Kind,
        name: &str,
        value: &str,
    ) -> Result<Vec<T>, StripeError> {
        let query = Form::default().with("query", format!("metadata['{name}']:'{value}'"));
        let address = self.at(&format!("{}/search?{}", kind.path(), query.encoded()));
        let found: List<T> = read(repeated(|| self.request(self.http.get(&address))).await?).await?;
        Ok(found.data)
    }

    /// Every object of a kind from `after` on, a page of at most 100; and whether there are more.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn page<T: DeserializeOwned>(
        &self,
        kind: Kind,
        after: Option<&str>,
    ) -> Result<(Vec<T>, bool), StripeError> {
        // Without it those that have ended are left out.
        let status = (kind == Kind::Subscription).then_some("all");
        let query = Form::default().with("limit", 100).maybe("status", status).maybe("starting_after", after);
        let address = self.at(&format!("{}?{}", kind.path(), query.encoded()));
        let page: List<T> = read(repeated(|| self.request(self.http.get(&address))).await?).await?;
        Ok((page.data, page.has_more))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }

    fn request(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.key.expose_secret()).header("stripe-version", VERSION)
    }
}

/// Every request here may be made twice: reads by nature, others by their key.
async fn repeated(request: impl Fn() -> RequestBuilder) -> Result<Response, StripeError> {
    let mut pause = PAUSE;
    for attempt in 1.. {
        let error = match timeout(REQUEST, request().send()).await {
            Ok(Ok(response)) if response.status().is_success() => return Ok(response),
            Ok(Ok(response)) => {
                let last = attempt >= ATTEMPTS || !may_be_repeated(response.status(), response.headers());
                let error = refused(response).await;
                if last {
                    return Err(error);
                }
                error
            }
            Ok(Err(error)) if error.is_connect() => StripeError::Unreachable("no connection"),
            Ok(Err(_)) => StripeError::Unreachable("the answer was lost"),
            Err(_) => StripeError::Unreachable("no answer in time"),
        };
        if attempt >= ATTEMPTS {
            return Err(error);
        }
        sleep(pause).await;
        pause *= 3;
    }
    Err(StripeError::Unreachable("tried too often"))
}

/// Stripe says so itself, or the status does.
fn may_be_repeated(status: StatusCode, headers: &HeaderMap) -> bool {
    match headers.get("stripe-should-retry").and_then(|value| value.to_str().ok()) {
        Some("true") => true,
        Some("false") => false,
        _ => is_passing(status),
    }
}

/// 409: a request with the same key is being worked on, or an object is locked.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::CONFLICT
}

#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: RefusalError,
}

#[derive(Default, Deserialize)]
struct RefusalError {
    code: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

async fn refused(response: Response) -> StripeError {
    let status = response.status();
    let body = timeout(REQUEST, response.bytes()).await.ok().and_then(Result::ok).unwrap_or_default();
    let error = serde_json::from_slice::<Refusal>(&body).unwrap_or_default().error;
    let code = error.code.or(error.kind).filter(|code| is_word(code));
    StripeError::Refused { status, code: code.unwrap_or_else(|| "no code".to_owned()) }
}

/// Codes go into logs; only what looks like one does.
fn is_word(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, StripeError> {
    let body = timeout(REQUEST, response.bytes())
        .await
        .map_err(|_| StripeError::Unreachable("no answer in time"))?
        .map_err(|_| StripeError::Unreachable("the answer was lost"))?;
    serde_json::from_slice(&body).map_err(StripeError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripe_has_the_last_word_on_repetitions() {
        let headers = |word: &'static str| {
            HeaderMap::from_iter([("stripe-should-retry".parse().unwrap(), word.parse().unwrap())])
        };
        for (status, passing) in
            [(400, false), (402, false), (404, false), (409, true), (429, true), (500, true), (503, true)]
        {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(may_be_repeated(status, &HeaderMap::new()), passing, "{status}");
            assert!(may_be_repeated(status, &headers("true")) && !may_be_repeated(status, &headers("false")));
        }
    }

    #[test]
    fn only_codes_are_told() {
        assert!(is_word("card_declined") && is_word("resource_missing"));
        for text in ["", "Your card", "ann@example.com", &"x".repeat(65)] {
            assert!(!is_word(text), "{text}");
        }
    }
}
