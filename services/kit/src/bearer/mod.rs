//! Who asks, by the tokens that people have? In: the header `Authorization`. Out: a principal, or a problem. Asked on routes that aren't public, and only
//! there: by the gateway, and by portals that answer staff themselves.
//!
//! `settings` says whose tokens are believed, `token` reads a token's three parts in the one way they may be written, `key` checks a signature, `keys` keeps the keys of the issuer
//! up to date, `claims` judges what a token says. A token that was checked is remembered for a while, and never longer than its key is
//! believed: a signature costs more than all else a request does here. Must not log tokens, nor what is in them.

mod claims;
mod key;
mod keys;
mod moment;
mod settings;
mod token;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::access;
use crate::bounded::Bounded;
use crate::http::single_header;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::problem::catalogue::{DEPENDENCY_UNAVAILABLE, NOT_SIGNED_IN};
use hyper::header::{self, HeaderMap};
use prometheus::IntCounter;
use ring::digest;
use tokio::time::Instant;
use uuid::Uuid;

pub use crate::access::{Assurance, PrincipalKind};
pub use crate::jws::Unreadable;
pub use claims::{Rules, Wrong};
pub use key::Key;
pub use keys::{Keys, KeysSettings};
pub use settings::Trust;
pub use token::Token;

use keys::{Answer, Believed};

/// How long a checked token is believed without another look, in seconds, at most until it ends.
const REMEMBERED: u64 = 300;
/// Tokens that are remembered, while they are in use.
const CAPACITY: usize = 20_000;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The person's identifier, or the platform user's.
    pub id: Uuid,
    /// Which of the two.
    pub kind: PrincipalKind,
    /// How well it is proved.
    pub assurance: Assurance,
    /// The application the token was given to.
    pub key: Option<Arc<str>>,
    /// Which role staff have, as Identity's hook has written it.
    pub role: Option<Arc<str>>,
}

impl Principal {
    /// What services are told: all but the application and the role.
    #[must_use]
    pub fn told(&self) -> access::Principal {
        access::Principal { id: self.id, kind: self.kind, assurance: self.assurance }
    }
}

/// Checks tokens.
#[derive(Debug)]
pub struct Auth {
    keys: Keys,
    rules: Rules,
    remembered: Bounded<[u8; 32], Remembered>,
    hits: IntCounter,
    misses: IntCounter,
}

#[derive(Debug)]
struct Remembered {
    principal: Principal,
    /// Seconds since 1970.
    until: u64,
    /// What it is signed with.
    key: Arc<Believed>,
}

impl Auth {
    /// Checks tokens by `keys` and `rules`.
    #[must_use]
    pub fn new(keys: Keys, rules: Rules, metrics: &Metrics) -> Self {
        let lookups = |outcome| metrics.cache.with_label_values(&["tokens", outcome]);
        Self { keys, rules, remembered: Bounded::new(CAPACITY), hits: lookups("hit"), misses: lookups("miss") }
    }

    /// Waits until tokens can be checked, for `patience` at most, and says whether they can.
    pub async fn ready(&self, patience: Duration) -> bool {
        self.keys.first(patience).await
    }

    /// Who asks.
    ///
    /// # Errors
    /// A problem: nobody says so, or the token proves nothing, or the issuer's keys can't be had.
    pub async fn principal(&self, headers: &HeaderMap) -> Result<Principal, Problem> {
        let text = bearer(headers)?;
        let now = seconds_now();
        let mut name = [0; 32];
        name.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        if let Some(principal) = self.recall(&name, now) {
            self.hits.inc();
            return Ok(principal);
        }
        self.misses.inc();
        let (principal, ends, key) = self.check(text, now).await?;
        let until = ends.min(now + REMEMBERED);
        self.remembered.insert(name, Remembered { principal: principal.clone(), until, key });
        Ok(principal)
    }

    /// Whose token it is that was checked before, if neither its time nor that of its key is over.
    fn recall(&self, name: &[u8; 32], now: u64) -> Option<Principal> {
        let holds = |known: &Remembered| known.until > now && self.keys.hold(&known.key, Instant::now());
        self.remembered.read(name, |known| holds(known).then(|| known.principal.clone())).flatten()
    }

    async fn check(&self, text: &str, now: u64) -> Result<(Principal, u64, Arc<Believed>), Problem> {
        let token = Token::read(text).map_err(|unreadable| refused(&unreadable.to_string()))?;
        let found = match self.keys.find(token.key_id()).await {
            Answer::Key(found) => found,
            Answer::Unknown => return Err(refused("the token is signed by nobody known here")),
            Answer::Unavailable => {
                return Err(Problem::new(DEPENDENCY_UNAVAILABLE)
                    .detail("tokens can't be checked right now")
                    .retry_after(5));
            }
        };
        if !token.is_signed_by(&found.key) {
            return Err(refused("the token's signature is wrong"));
        }
        let (principal, ends) = self.rules.judge(token.claims(), now).map_err(|wrong| refused(&wrong.to_string()))?;
        Ok((principal, ends, found))
    }
}

/// The token in `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let given = single_header(headers, &header::AUTHORIZATION)?.ok_or_else(|| Problem::new(NOT_SIGNED_IN))?;
    match given.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(refused("the header Authorization must be `Bearer` and a token")),
    }
}

fn refused(detail: &str) -> Problem {
    Problem::new(NOT_SIGNED_IN).detail(detail)
}

/// Seconds since 1970.
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
#[path = "bearer_tests.rs"]
mod tests;
