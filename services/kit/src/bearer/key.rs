//! One public key of an issuer. In: an entry of a JWKS (RFC 7517). Out: the key and its name. Must not take a key for another algorithm than
//! the one it is for.

use crate::jws::{Algorithm, PublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// A key with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    kid: String,
    public: PublicKey,
}

/// An entry as it is published.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Key {
    /// The key of an entry; none if it isn't for signatures of ours, which isn't a mistake: a set may hold others.
    pub(super) fn of(entry: &Entry) -> Option<Self> {
        let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let public = match (entry.kty.as_str(), entry.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                let (x, y) = (part(&entry.x)?, part(&entry.y)?);
                let point = [4].into_iter().chain(x).chain(y).collect();
                PublicKey::es256(point).filter(|_| is_point(entry))?
            }
            ("OKP", Some("Ed25519")) => PublicKey::eddsa(part(&entry.x)?)?,
            ("RSA", _) => PublicKey::rs256(part(&entry.n)?, part(&entry.e)?)?,
            _ => return None,
        };
        let key = Self { kid: entry.kid.clone()?, public };
        let is_for_this =
            entry.alg.as_deref().is_none_or(|alg| Algorithm::of_name(alg) == Some(key.public.algorithm()));
        (is_for_this && entry.r#use.as_deref().is_none_or(|purpose| purpose == "sig")).then_some(key)
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.kid
    }

    /// What signatures are checked with.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

/// Whether both coordinates have the length that they must have, leading zeros included.
fn is_point(entry: &Entry) -> bool {
    // 32 bytes are 43 characters.
    [&entry.x, &entry.y].iter().all(|part| part.as_deref().is_some_and(|text| text.len() == 43))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(entry: serde_json::Value) -> Option<Key> {
        Key::of(&serde_json::from_value(entry).unwrap())
    }

    #[test]
    fn only_keys_for_signatures_of_ours_are_taken() {
        let (x, long) = ("A".repeat(43), "_".repeat(342));
        let ec = serde_json::json!({"kty": "EC", "crv": "P-256", "kid": "1", "x": x, "y": x});
        assert_eq!(key(ec.clone()).unwrap().public().algorithm(), Algorithm::Es256);
        let okp = serde_json::json!({"kty": "OKP", "crv": "Ed25519", "kid": "2", "x": x, "use": "sig", "alg": "EdDSA"});
        assert_eq!(key(okp).unwrap().public().algorithm(), Algorithm::EdDsa);
        let with = |name: &str, value: &str| {
            let mut other = ec.clone();
            other[name] = value.into();
            key(other)
        };
        assert!(with("alg", "ES256").is_some() && with("use", "sig").is_some());
        for (name, value) in
            [("alg", "HS256"), ("alg", "RS256"), ("use", "enc"), ("crv", "P-384"), ("x", "AAAA"), ("kty", "oct")]
        {
            assert_eq!(with(name, value), None, "{name} {value}");
        }
        assert_eq!(key(serde_json::json!({"kty": "oct", "kid": "3", "k": "c2VjcmV0"})), None);
        assert_eq!(key(serde_json::json!({"kty": "RSA", "kid": "4", "n": x, "e": "AQAB"})), None, "too short");
        // 342 characters of this alphabet are 256 bytes and stray bits: not canonical.
        assert_eq!(key(serde_json::json!({"kty": "RSA", "kid": "5", "n": long, "e": "AQAB"})), None);
    }
}
