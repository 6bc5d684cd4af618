//! The vendors that tell visitors from programs: reCAPTCHA (Google) and Turnstile (Cloudflare), for the one call that a backend makes. In: the fields of `siteverify`, and wishes for
//! tokens, which a widget would make. Out: answers in the vendors' words. Pure but for what it remembers; the time is given. Sources:
//! <https://developers.google.com/recaptcha/docs/verify>, <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>.

mod keys;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub use keys::Kind;
use keys::Secret;

/// Most tokens at a time.
pub const MOST_TOKENS: usize = 10_000;

/// What a visitor's widget would have found.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solved {
    /// Whose widget.
    pub vendor: Kind,
    /// The page's host.
    pub hostname: String,
    /// What the page was about to do; none for a widget that says nothing of it.
    pub action: Option<String>,
    /// How much like a person, from 0 to 1: the third version of reCAPTCHA only.
    pub score: Option<f64>,
}

#[derive(Debug)]
struct Token {
    solved: Solved,
    made_at: i64,
    /// Once it was validated: under which key, if there was one.
    used: Option<Option<String>>,
}

/// Both vendors.
#[derive(Debug, Default)]
pub struct Captchas {
    tokens: Mutex<HashMap<String, Token>>,
}

impl Captchas {
    /// A token, as a page would get it; `now` in seconds since 1970. None when there are too many that are still good.
    pub fn solve(&self, solved: Solved, now: i64) -> Option<String> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, token| token.is_young(now));
        if tokens.len() >= MOST_TOKENS {
            return None;
        }
        let name = format!("{}.{}{}", solved.vendor.prefix(), Uuid::new_v4().simple(), Uuid::new_v4().simple());
        tokens.insert(name.clone(), Token { solved, made_at: now, used: None });
        Some(name)
    }

    /// What a vendor says to `siteverify` with these fields.
    #[must_use]
    pub fn siteverify(&self, kind: Kind, fields: &HashMap<String, String>, now: i64) -> Value {
        let field = |name: &str| fields.get(name).map(String::as_str).filter(|text| !text.is_empty());
        let Some(secret) = field("secret") else { return kind.refusal("missing-input-secret") };
        let secret = kind.secret(secret);
        let Some(response) = field("response") else { return kind.refusal("missing-input-response") };
        match secret {
            Secret::Unknown => kind.refusal("invalid-input-secret"),
            Secret::Fails => kind.refusal("invalid-input-response"),
            Secret::Spent => kind.refusal("timeout-or-duplicate"),
            Secret::Passes(hostname) => {
                let solved = Solved { vendor: kind, hostname: hostname.to_owned(), action: None, score: None };
                kind.success(&solved, now)
            }
            Secret::Real => self.judged(kind, response, field("idempotency_key"), now),
        }
    }

    fn judged(&self, kind: Kind, response: &str, key: Option<&str>, now: i64) -> Value {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(token) = tokens.get_mut(response).filter(|token| token.solved.vendor == kind) else {
            return kind.refusal("invalid-input-response");
        };
        // Only Turnstile knows a repetition by its key.
        let key = key.filter(|_| kind == Kind::Turnstile).map(str::to_owned);
        let is_repeated = key.is_some() && token.used.as_ref() == Some(&key);
        if !token.is_young(now) || (token.used.is_some() && !is_repeated) {
            return kind.refusal("timeout-or-duplicate");
        }
        token.used = Some(key);
        kind.success(&token.solved, token.made_at)
    }
}

impl Token {
    fn is_young(&self, now: i64) -> bool {
        now < self.made_at + self.solved.vendor.lifetime_s()
    }
}

impl Kind {
    fn refusal(self, code: &str) -> Value {
        match self {
            Self::Recaptcha => json!({ "success": false, "error-codes": [code] }),
            Self::Turnstile => json!({ "success": false, "error-codes": [code], "messages": [] }),
        }
    }

    fn success(self, solved: &Solved, made_at: i64) -> Value {
        let time = Timestamp::from_second(made_at).map(|time| time.to_string()).unwrap_or_default();
        let mut said = json!({ "success": true, "challenge_ts": time, "hostname": solved.hostname });
        match self {
            Self::Turnstile => {
                said["error-codes"] = json!([]);
                said["action"] = json!(solved.action.as_deref().unwrap_or_default());
                said["cdata"] = json!("");
            }
            // The second version says neither.
            Self::Recaptcha => {
                for (name, value) in [("action", json!(solved.action)), ("score", json!(solved.score))] {
                    if !value.is_null() {
                        said[name] = value;
                    }
                }
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000;
    const RECAPTCHA: &str = "6LcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const TURNSTILE: &str = "0x4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn fields(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn solved(vendor: Kind) -> Solved {
        Solved { vendor, hostname: "www.example.com".to_owned(), action: Some("contact".to_owned()), score: Some(0.9) }
    }

    #[test]
    fn a_token_counts_once_and_not_for_long() {
        let captchas = Captchas::default();
        for (kind, secret, lifetime) in [(Kind::Recaptcha, RECAPTCHA, 120), (Kind::Turnstile, TURNSTILE, 300)] {
            let token = captchas.solve(solved(kind), NOW).unwrap();
            let asked = fields(&[("secret", secret), ("response", token.as_str())]);
            let said = captchas.siteverify(kind, &asked, NOW + 1);
            assert_eq!((&said["success"], &said["hostname"]), (&json!(true), &json!("www.example.com")), "{said}");
            assert_eq!((said.get("score").is_some(), &said["action"]), (kind == Kind::Recaptcha, &json!("contact")));
            let code = |said: Value| said["error-codes"][0].clone();
            assert_eq!(code(captchas.siteverify(kind, &asked, NOW + 1)), "timeout-or-duplicate");
            let late = captchas.solve(solved(kind), NOW).unwrap();
            let asked = fields(&[("secret", secret), ("response", late.as_str())]);
            assert_eq!(code(captchas.siteverify(kind, &asked, NOW + lifetime)), "timeout-or-duplicate");
        }
    }

    #[test]
    fn turnstile_knows_a_repetition_by_its_key() {
        let captchas = Captchas::default();
        let token = captchas.solve(solved(Kind::Turnstile), NOW).unwrap();
        let with = |key: &str| {
            let asked = fields(&[("secret", TURNSTILE), ("response", token.as_str()), ("idempotency_key", key)]);
            captchas.siteverify(Kind::Turnstile, &asked, NOW)["success"].clone()
        };
        assert_eq!((with("a"), with("a"), with("b")), (json!(true), json!(true), json!(false)));
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let captchas = Captchas::default();
        let of_other = captchas.solve(solved(Kind::Turnstile), NOW).unwrap();
        for (asked, code) in [
            (&[("response", "x")][..], "missing-input-secret"),
            (&[("secret", RECAPTCHA)], "missing-input-response"),
            (&[("secret", "secret"), ("response", "x")], "invalid-input-secret"),
            (&[("secret", RECAPTCHA), ("response", "x")], "invalid-input-response"),
            (&[("secret", RECAPTCHA), ("response", of_other.as_str())], "invalid-input-response"),
        ] {
            let said = captchas.siteverify(Kind::Recaptcha, &fields(asked), NOW);
            assert_eq!((&said["success"], &said["error-codes"]), (&json!(false), &json!([code])));
        }
    }
}
