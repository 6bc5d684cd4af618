//! The keys that certificates are signed with. In comes PEM; out go signatures, and public keys in the forms that verifiers read. Must not print
//! a private key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use serde_json::{Value, json};

use super::sha256;

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Ed25519 in the table of multicodecs, `0xed` as a varint.
const MULTICODEC: [u8; 2] = [0xed, 0x01];

/// Why keys can't be used. Holds nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no PEM.
    #[error("expected keys in PEM")]
    NotPem,
    /// There is none that could sign.
    #[error("the first key must be a private one (BEGIN PRIVATE KEY): it signs")]
    NoneSigns,
    /// A key of another kind.
    #[error(
        "key {0} is no Ed25519 key: expected PKCS#8 (BEGIN PRIVATE KEY) or SubjectPublicKeyInfo (BEGIN PUBLIC KEY)"
    )]
    NotEd25519(usize),
    /// Two of them are one.
    #[error("key {0} is given twice")]
    Twice(usize),
}

/// A public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Its 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As a Multikey says it: multibase, base58.
    #[must_use]
    pub fn multikey(&self) -> String {
        format!("z{}", bs58::encode([MULTICODEC.as_slice(), &self.0].concat()).into_string())
    }

    /// As a JSON Web Key (RFC 8037).
    #[must_use]
    pub fn jwk(&self) -> Value {
        json!({ "crv": "Ed25519", "kty": "OKP", "x": URL_SAFE_NO_PAD.encode(self.0) })
    }

    /// The JSON Web Key's thumbprint (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(self.0));
        URL_SAFE_NO_PAD.encode(sha256(&[jwk.as_bytes()]))
    }
}

/// The key that signs, and all that are published: those of credentials that are out stay among them.
#[derive(Debug)]
pub struct Keys {
    signing: Ed25519KeyPair,
    published: Vec<PublicKey>,
}

impl Keys {
    /// Reads keys one after the other: the first signs, the others are published. Of these the public half is enough.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of(pem: &str) -> Result<Self, KeyError> {
        let (mut signing, mut published) = (None, Vec::new());
        for (at, section) in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes()).enumerate() {
            let (kind, der) = section.map_err(|_| KeyError::NotPem)?;
            let (pair, public) = read(kind, &der).ok_or(KeyError::NotEd25519(at + 1))?;
            if published.contains(&public) {
                return Err(KeyError::Twice(at + 1));
            }
            published.push(public);
            if at == 0 {
                signing = pair;
            }
        }
        Ok(Self { signing: signing.ok_or(KeyError::NoneSigns)?, published })
    }

    /// Signs.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.signing.sign(message).as_ref().to_vec()
    }

    /// All that are published, the one that signs first. Never empty.
    #[must_use]
    pub fn published(&self) -> &[PublicKey] {
        &self.published
    }

    /// The public half of the one that signs.
    #[must_use]
    pub fn signing(&self) -> PublicKey {
        public(&self.signing)
    }
}

fn public(pair: &Ed25519KeyPair) -> PublicKey {
    PublicKey(pair.public_key().as_ref().try_into().unwrap_or_default())
}

fn read(kind: SectionKind, der: &[u8]) -> Option<(Option<Ed25519KeyPair>, PublicKey)> {
    match kind {
        SectionKind::PrivateKey => {
            // What common tools write has no public half; it follows from the private one.
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
            let public = public(&pair);
            Some((Some(pair), public))
        }
        SectionKind::PublicKey => {
            let bytes = der.strip_prefix(&SPKI)?;
            Some((None, PublicKey(bytes.try_into().ok()?)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::fixtures::vector;

    /// The public half of `key.pem`, as OpenSSL writes it.
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n";
    const RSA: &str = "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n";
    const EC: &str = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";

    #[test]
    fn the_first_signs_and_all_are_published() {
        let (key, next) = (vector!("key.pem"), vector!("next.pem"));
        let one = Keys::of(key).unwrap();
        let both = Keys::of(&format!("{next}{PUBLIC}")).unwrap();
        assert_eq!((one.published(), one.signing()), (&[one.signing()][..], one.published()[0]));
        assert_eq!(both.published(), [Keys::of(next).unwrap().signing(), one.signing()]);
        assert_eq!(both.signing(), both.published()[0]);
        assert_eq!(one.signing().multikey(), "z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd");
        assert_eq!(one.signing().thumbprint(), "1IG2tMH7J2wbJZnOf8LJzQitKf7LMvoAElsuDMVM54Y");
    }

    #[test]
    fn what_can_not_sign_is_told_at_the_start() {
        let key = vector!("key.pem");
        for (pem, error) in [
            (String::new(), KeyError::NoneSigns),
            ("no key at all".to_owned(), KeyError::NoneSigns),
            (PUBLIC.to_owned(), KeyError::NoneSigns),
            (format!("{PUBLIC}{}", vector!("next.pem")), KeyError::NoneSigns),
            (format!("{key}{RSA}"), KeyError::NotEd25519(2)),
            (EC.to_owned(), KeyError::NotEd25519(1)),
            (format!("{key}{PUBLIC}"), KeyError::Twice(2)),
            (key.replace("-----END", ""), KeyError::NotPem),
        ] {
            assert_eq!(Keys::of(&pem).unwrap_err(), error, "{pem}");
        }
    }

    #[test]
    fn a_private_key_is_not_printed() {
        let key = vector!("key.pem");
        let printed = format!("{:?}", Keys::of(key).unwrap());
        let secret: String = (0..32).map(|byte| format!("{byte}, ")).collect();
        assert!(
            !printed.contains("AAECAwQ") && !printed.contains("00010203") && !printed.contains(&secret),
            "{printed}"
        );
    }
}
