//! One public key of an issuer. In: an entry of a JWKS (RFC 7517). Out: whether a signature is its. Must not take a key for another
//! algorithm than the one it is for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// An algorithm that tokens may be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSA PKCS #1 1.5 with SHA-256, 2048 bits or more.
    Rs256,
}

impl Kind {
    /// The algorithm of this name (RFC 7518, RFC 8037).
    #[must_use]
    pub fn of_algorithm(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }
}

/// A key with what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    kid: String,
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    /// An uncompressed point.
    Es256(Vec<u8>),
    EdDsa(Vec<u8>),
    Rs256(PublicRsa),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PublicRsa {
    n: Vec<u8>,
    e: Vec<u8>,
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
        let material = match (entry.kty.as_str(), entry.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                let (x, y) = (part(&entry.x)?, part(&entry.y)?);
                let point: Vec<u8> = [4].into_iter().chain(x).chain(y).collect();
                Some(Material::Es256(point)).filter(|_| is_point(entry))?
            }
            ("OKP", Some("Ed25519")) => Material::EdDsa(part(&entry.x).filter(|x| x.len() == 32)?),
            ("RSA", _) => {
                let (n, e) = (part(&entry.n)?, part(&entry.e)?);
                // Of 2048 bits or more, as the algorithm wants it.
                Material::Rs256(PublicRsa { n: Some(n).filter(|n| n.len() >= 256)?, e })
            }
            _ => return None,
        };
        let key = Self { kid: entry.kid.clone()?, material };
        let is_for_this = entry.alg.as_deref().is_none_or(|alg| Kind::of_algorithm(alg) == Some(key.kind()));
        (is_for_this && entry.r#use.as_deref().is_none_or(|purpose| purpose == "sig")).then_some(key)
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.kid
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.material {
            Material::Es256(_) => Kind::Es256,
            Material::EdDsa(_) => Kind::EdDsa,
            Material::Rs256(_) => Kind::Rs256,
        }
    }

    /// Whether `signature` is this key's over `signed`. The length of a signature is checked as well: 64 bytes for the first two,
    /// the modulus's for RSA.
    #[must_use]
    pub fn verify(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
            }
            Material::EdDsa(point) => UnparsedPublicKey::new(&ED25519, point).verify(signed, signature).is_ok(),
            Material::Rs256(PublicRsa { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
        }
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
        assert_eq!(key(ec.clone()).unwrap().kind(), Kind::Es256);
        let okp = serde_json::json!({"kty": "OKP", "crv": "Ed25519", "kid": "2", "x": x, "use": "sig", "alg": "EdDSA"});
        assert_eq!(key(okp).unwrap().kind(), Kind::EdDsa);
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
