//! Whose tokens are believed. In comes the environment; out go checked values, or mistakes that the kit tells together. Must not open anything.

use std::time::Duration;

use url::Url;

use super::claims::Rules;
use super::keys::KeysSettings;
use crate::client::{builder, outside};
use crate::config::Env;
use crate::tls::Tls;

/// All that it takes to check tokens.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The issuer's keys, `RERP_TOKEN_KEYS_ADDRESS`.
    pub keys: KeysSettings,
    /// Whether the keys are a service's of this platform, `RERP_TOKEN_KEYS_INSIDE`: then it is called with our certificate.
    pub inside: bool,
    /// Which tokens to believe: `RERP_TOKEN_ISSUER`, `RERP_PERSON_AUDIENCE`, `RERP_STAFF_AUDIENCE`.
    pub rules: Rules,
}

impl Trust {
    /// None when something is missing or wrong, which is a mistake by then.
    pub fn read(env: &mut Env) -> Option<Self> {
        let (keys, inside) = (keys(env), env.parse("RERP_TOKEN_KEYS_INSIDE", false, "true or false"));
        let rules = rules(env);
        Some(Self { keys: keys?, inside, rules: rules? })
    }

    /// What fetches the keys; `tls` is shown to a service of this platform, and to nobody else.
    ///
    /// # Errors
    /// The provider of cryptography lacks what TLS needs.
    pub fn client(&self, tls: Option<&Tls>) -> Result<reqwest::ClientBuilder, rustls::Error> {
        if self.inside { builder(tls) } else { outside() }
    }
}

/// Where the issuer's keys are, and how long they are good. None when it can't be known, which is a mistake by then.
fn keys(env: &mut Env) -> Option<KeysSettings> {
    let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
    let day = 24 * 60 * minute;
    let url = env.text("RERP_TOKEN_KEYS_ADDRESS").and_then(|text| Url::parse(text).ok());
    let url = url.filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    if url.is_none() {
        env.mistake(
            "RERP_TOKEN_KEYS_ADDRESS",
            "expected the address of a JWKS such as https://auth.example/.well-known/jwks.json",
        );
    }
    Some(KeysSettings {
        refresh: env.duration("RERP_TOKEN_KEYS_REFRESH", 5 * minute, second, day),
        hold_off: env.duration("RERP_TOKEN_KEYS_HOLD_OFF", 10 * second, Duration::from_millis(10), minute),
        overlap: env.duration("RERP_TOKEN_KEYS_OVERLAP", 10 * minute, Duration::ZERO, day),
        hard: env.duration("RERP_TOKEN_KEYS_HARD", 60 * minute, second, day),
        url: url?,
    })
}

/// Which tokens to believe. None when it can't be known, which is a mistake by then.
fn rules(env: &mut Env) -> Option<Rules> {
    let mut needed = |name: &str, what: &str| {
        let text = env.text(name).map(str::to_owned);
        if text.is_none() {
            env.mistake(name, format!("not set; expected {what}"));
        }
        text
    };
    let issuer = needed("RERP_TOKEN_ISSUER", "the `iss` of tokens");
    let person = needed("RERP_PERSON_AUDIENCE", "the `aud` of customers' tokens");
    let staff = needed("RERP_STAFF_AUDIENCE", "the `aud` of staff's tokens");
    if person.is_some() && person == staff {
        env.mistake("RERP_STAFF_AUDIENCE", "must differ from RERP_PERSON_AUDIENCE, or every customer would be staff");
    }
    Some(Rules { issuer: issuer?, person_audience: person?, staff_audience: staff? })
}
