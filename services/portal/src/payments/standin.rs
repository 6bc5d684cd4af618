//! The way of a page to what stands in for Stripe, where there is one: Stripe's own is on a host of Stripe's, which browsers ask themselves. In: an intent that is to
//! be confirmed, its secret, and the name of a test card. Out: what the stand-in says. Must not pass anything else on: there is no place for a card's number.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use reqwest::Client;
use rerp_kit::client::outside;
use rerp_kit::http::Raw;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, INVALID_BODY, NOT_FOUND};
use rerp_kit::telemetry::chain;
use url::{Url, form_urlencoded};

use super::AT;
use crate::session::origin::own_pages;

/// Opens at the stand-in what a publishable key opens at Stripe: the one intent whose secret is shown.
const KEY: &str = "pk_test_stand_in";
/// Longest body: a secret and a name.
const BODY: usize = 1024;
/// Longest answer.
const LARGEST: usize = 64 * 1024;
/// Time for a call.
const LONGEST: Duration = Duration::from_secs(8);
/// How names of test cards begin.
const CARD: &str = "pm_card_";

/// The stand-in.
#[derive(Debug)]
struct StandIn {
    http: Client,
    base: Url,
}

/// The client can't be built.
#[derive(Debug, thiserror::Error)]
pub enum StandInError {
    /// The provider of cryptography lacks what TLS needs.
    #[error("setting up TLS for calls to what stands in for Stripe")]
    Tls(#[from] rustls::Error),
    /// Everything else.
    #[error("setting up the client for what stands in for Stripe")]
    Client(#[from] reqwest::Error),
}

/// The routes, for pages of the portal's own alone.
///
/// # Errors
/// The client can't be built.
pub fn routes(base: Url) -> Result<Router, StandInError> {
    let stand_in = Arc::new(StandIn { http: outside()?.build()?, base });
    Ok(Router::new()
        .route(&format!("{AT}/v1/{{kind}}/{{id}}/confirm"), post(confirm))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn(own_pages))
        .with_state(stand_in))
}

async fn confirm(
    State(stand_in): State<Arc<StandIn>>,
    Path((kind, id)): Path<(String, String)>,
    Raw(body): Raw,
) -> Result<Response, Problem> {
    if !["setup_intents", "payment_intents"].contains(&kind.as_str()) || !is_word(&id) {
        return Err(Problem::new(NOT_FOUND).detail("setup intents and payment intents are confirmed here"));
    }
    let form = read(&body).ok_or_else(|| {
        Problem::new(INVALID_BODY)
            .detail("a form with client_secret, and payment_method: the name of a test card, such as pm_card_visa")
    })?;
    stand_in.ask(&format!("v1/{kind}/{id}/confirm"), form).await.map_err(|error| {
        tracing::warn!(error = chain(&error.without_url()), "what stands in for Stripe was not reached");
        Problem::new(DEPENDENCY_UNAVAILABLE)
            .detail("what stands in for Stripe can't be reached right now")
            .retry_after(1)
    })
}

/// What is passed on, written anew; nothing where it says anything else.
fn read(body: &[u8]) -> Option<String> {
    let (mut secret, mut card) = (None, None);
    for (name, value) in form_urlencoded::parse(body) {
        let place = match name.as_ref() {
            "client_secret" => &mut secret,
            "payment_method" => &mut card,
            _ => return None,
        };
        if place.replace(value).is_some() {
            return None;
        }
    }
    let secret = secret.filter(|secret| is_word(secret))?;
    // Names have letters alone, so that none is a number.
    let is_card = |card: &str| {
        card.strip_prefix(CARD).is_some_and(|end| is_word(end) && !end.contains(|sign: char| sign.is_ascii_digit()))
    };
    let card = card.filter(|card| is_card(card))?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    Some(form.append_pair("client_secret", &secret).append_pair("payment_method", &card).finish())
}

fn is_word(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl StandIn {
    async fn ask(&self, path: &str, form: String) -> Result<Response, reqwest::Error> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        let request = self.http.post(url).timeout(LONGEST).bearer_auth(KEY);
        let mut answer =
            request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form).send().await?;
        let (status, mut body) = (answer.status(), Vec::new());
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LARGEST {
                tracing::warn!("an answer of what stands in for Stripe is too long");
                return Ok(Problem::new(DEPENDENCY_UNAVAILABLE).into_response());
            }
            body.extend_from_slice(&chunk);
        }
        // Its 401 is a mistake of ours, and must not be taken for one of whoever is signed in.
        let status = if status == StatusCode::UNAUTHORIZED { StatusCode::BAD_GATEWAY } else { status };
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok((status, [kind], body).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_secret_and_the_name_of_a_test_card_is_passed_on() {
        let form = "client_secret=seti_1_secret_2&payment_method=pm_card_visa";
        assert_eq!(read(form.as_bytes()).as_deref(), Some(form));
        for other in [
            "",
            "client_secret=seti_1_secret_2",
            "payment_method=pm_card_visa",
            "client_secret=a&payment_method=pm_card_visa&card[number]=4242424242424242",
            "client_secret=a&payment_method=pm_card_4242424242424242",
            "client_secret=a&payment_method=4242424242424242",
            "client_secret=a&payment_method=pm_card_",
            "client_secret=a&client_secret=b&payment_method=pm_card_visa",
            "client_secret=a%26b&payment_method=pm_card_visa",
        ] {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
    }
}
