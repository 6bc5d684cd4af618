//! The side that says who asks: the gateway, and whoever else is named as a speaker. In: a principal and the service to tell. Out: the header
//! that tells it, signed with the key of our own certificate. One token serves all calls for the same principal to the same service within
//! some seconds: a signature costs more than all else here. Must not be given a principal that wasn't proved.

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;

use super::caller::Principal;
use super::claims::{Claims, TYPE};
use super::seconds_now;
use crate::bounded::Bounded;
use crate::tls::{Material, Tls};

/// Life of a token in seconds.
const LIFE: u64 = 30;
/// For how many seconds a token is used again. What is left of its life then is longer than a request may take on its way.
const USED_AGAIN: u64 = 10;
/// Tokens that are kept, while they are in use.
const CAPACITY: usize = 20_000;

/// Why nothing can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The key is none that tokens are signed with.
    #[error(
        "internal tokens are signed with keys of P-256 or Ed25519 (PKCS #8), and the key of this service's certificate is another"
    )]
    Key,
    /// The system gives no randomness.
    #[error("signing an internal token")]
    Sign,
    /// The token can't be written: a bug.
    #[error("writing an internal token")]
    Write,
}

/// Mints tokens.
#[derive(Debug)]
pub struct Speaker {
    tls: Tls,
    minted: Bounded<(Principal, &'static str), Minted>,
}

#[derive(Debug, Clone)]
struct Minted {
    header: HeaderValue,
    since: u64,
    /// Of the material: with another certificate another token is signed.
    serial: u64,
}

#[derive(Serialize)]
struct Head {
    alg: &'static str,
    typ: &'static str,
    x5c: Vec<String>,
}

impl Speaker {
    /// Speaks with this certificate, and with those that follow it.
    #[must_use]
    pub fn new(tls: &Tls) -> Self {
        Self { tls: tls.clone(), minted: Bounded::new(CAPACITY) }
    }

    /// The value of [`super::TOKEN`] that tells the service `audience` who asks.
    ///
    /// # Errors
    /// See [`MintError`].
    pub fn token(&self, who: &Principal, audience: &'static str) -> Result<HeaderValue, MintError> {
        let (material, now, key) = (self.tls.material(), seconds_now(), (*who, audience));
        if let Some(minted) = self.minted.get(&key)
            && minted.serial == material.serial
            && (minted.since..minted.since + USED_AGAIN).contains(&now)
        {
            return Ok(minted.header);
        }
        let header = header(&mint(&material, &Claims::new(who, audience, now, LIFE))?)?;
        self.minted.insert(key, Minted { header: header.clone(), since: now, serial: material.serial });
        Ok(header)
    }
}

/// A token that says `claims`, signed with the key of `material`.
pub(super) fn mint(material: &Material, claims: &Claims) -> Result<String, MintError> {
    let signer = material.signer.as_ref().ok_or(MintError::Key)?;
    let x5c = material.chain().iter().map(|one| STANDARD.encode(one)).collect();
    let head = Head { alg: signer.algorithm().name(), typ: TYPE, x5c };
    let text = format!("{}.{}", part(&head)?, part(claims)?);
    let signature = signer.sign(text.as_bytes()).ok_or(MintError::Sign)?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn part(value: &impl Serialize) -> Result<String, MintError> {
    serde_json::to_vec(value).map(|text| URL_SAFE_NO_PAD.encode(text)).map_err(|_| MintError::Write)
}

/// Neither shown when it is printed nor kept by the compression of headers.
fn header(token: &str) -> Result<HeaderValue, MintError> {
    let mut value = HeaderValue::from_str(token).map_err(|_| MintError::Write)?;
    value.set_sensitive(true);
    Ok(value)
}
