//! How cards are taken: what a page may know of it, and what browsers are allowed for it. In: the environment. Out: checked settings, a document for pages, and
//! additions to the policy. Must not be told a card.

pub mod standin;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use rerp_kit::config::Env;
use serde_json::json;
use url::Url;

/// The account's key for browsers.
const KEY: &str = "RERP_STRIPE_PUBLISHABLE_KEY";
/// What stands in for Stripe: for tests and demos alone.
const STAND_IN: &str = "RERP_STRIPE_STANDIN";
/// Where the stand-in is on the portal's own host.
const AT: &str = "/stand-in/stripe";

/// Who takes cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payments {
    /// Stripe itself, in frames of its own.
    Stripe {
        /// The publishable key, `pk_…`: it opens nothing but its forms.
        key: String,
    },
    /// What stands in for it, at this address; test cards alone, by their names.
    StandIn(Url),
}

impl Payments {
    /// None where nothing is set. Mistakes stay in `env` until its `finish`.
    pub fn read(env: &mut Env) -> Option<Self> {
        let key = env.text(KEY).map(str::to_owned);
        let stand_in = stand_in(env);
        match (key, stand_in) {
            (Some(_), Some(_)) => {
                env.mistake(
                    STAND_IN,
                    format!("set together with {KEY}: cards are taken by Stripe, or by what stands in for it"),
                );
                None
            }
            (Some(key), None) if is_key(&key) => Some(Self::Stripe { key }),
            (Some(_), None) => {
                env.mistake(KEY, "expected the publishable key of the account, which begins with pk_");
                None
            }
            (None, stand_in) => stand_in.map(Self::StandIn),
        }
    }

    /// What has to be allowed beside the portal's own host, by directive: what Stripe asks for, and nothing for its stand-in.
    /// Source: <https://docs.stripe.com/security/guide#content-security-policy>.
    #[must_use]
    pub fn allowed(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Stripe { .. } => &[
                ("script-src", "https://js.stripe.com"),
                ("frame-src", "https://js.stripe.com https://hooks.stripe.com"),
                ("connect-src", "https://api.stripe.com"),
            ],
            Self::StandIn(_) => &[],
        }
    }
}

fn stand_in(env: &mut Env) -> Option<Url> {
    let base = Url::parse(env.text(STAND_IN)?).ok();
    let base = base.filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    if base.is_none() {
        env.mistake(STAND_IN, "expected an address such as http://sandbox:8080/stripe");
    }
    base
}

/// A secret key in a page would open the whole account.
fn is_key(text: &str) -> bool {
    let end = text.strip_prefix("pk_").unwrap_or_default();
    !end.is_empty() && text.len() <= 255 && end.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What pages may know, `GET /settings.json`: asked for each time, so that no page goes on with what was.
pub(crate) fn document(payments: Option<&Payments>) -> Response {
    let stripe = payments.map(|payments| match payments {
        Payments::Stripe { key } => json!({ "kind": "stripe", "publishable_key": key }),
        Payments::StandIn(_) => json!({ "kind": "stand-in", "at": AT }),
    });
    let mut response = axum::Json(json!({ "stripe": stripe })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<const N: usize>(pairs: [(&str, &str); N]) -> Result<Option<Payments>, String> {
        let mut env = Env::of(pairs);
        let payments = Payments::read(&mut env);
        env.finish().map(|()| payments).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn cards_are_taken_by_stripe_or_its_stand_in_or_nobody() {
        assert_eq!(read([]), Ok(None));
        assert_eq!(read([(KEY, "pk_test_1")]), Ok(Some(Payments::Stripe { key: "pk_test_1".into() })));
        let stand_in = Url::parse("http://sandbox:8080/stripe").unwrap();
        assert_eq!(read([(STAND_IN, stand_in.as_str())]), Ok(Some(Payments::StandIn(stand_in))));
    }

    #[test]
    fn what_can_not_be_is_a_mistake_that_tells_no_key() {
        for key in ["sk_live_1", "pk_", "pk_a b", "pk_a\"", ""] {
            let told = read([(KEY, key)]);
            // Empty is as if it weren't set.
            assert!(
                told == Ok(None) && key.is_empty()
                    || told.is_err_and(|told| told.contains(KEY) && !told.contains("sk_live_1"))
            );
        }
        assert!(read([(KEY, "pk_1"), (STAND_IN, "http://sandbox/stripe")]).unwrap_err().contains(STAND_IN));
        assert!(read([(STAND_IN, "sandbox")]).unwrap_err().contains(STAND_IN));
    }
}
