//! One public key. In: its numbers, or a certificate. Out: whether a signature is its. Must not take a key for another algorithm than the
//! one it is for: which that is follows from the key, never from a token.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use rustls::pki_types::CertificateDer;
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ED25519};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Bytes of an uncompressed point of P-256.
const POINT: usize = 65;
/// The first of them.
const UNCOMPRESSED: u8 = 4;
/// Bytes of a key of Ed25519.
const ED25519_KEY: usize = 32;
/// Bytes of a modulus of 2048 bits, the least that the algorithm wants.
const MODULUS: usize = 256;

/// An algorithm that tokens may be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSA PKCS #1 1.5 with SHA-256, 2048 bits or more.
    Rs256,
}

impl Algorithm {
    /// The algorithm of this name (RFC 7518, RFC 8037).
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Es256, Self::EdDsa, Self::Rs256].into_iter().find(|one| one.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }
}

/// A public key, and with it what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(Material);

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

impl PublicKey {
    /// A key of P-256 from its uncompressed point; none if it isn't one.
    #[must_use]
    pub fn es256(point: Vec<u8>) -> Option<Self> {
        let is_point = point.len() == POINT && point.first() == Some(&UNCOMPRESSED);
        is_point.then_some(Self(Material::Es256(point)))
    }

    /// A key of Ed25519; none if its length is wrong.
    #[must_use]
    pub fn eddsa(key: Vec<u8>) -> Option<Self> {
        (key.len() == ED25519_KEY).then_some(Self(Material::EdDsa(key)))
    }

    /// A key of RSA from modulus and exponent, big endian; none if it is too short.
    #[must_use]
    pub fn rs256(n: Vec<u8>, e: Vec<u8>) -> Option<Self> {
        (n.len() >= MODULUS).then_some(Self(Material::Rs256(PublicRsa { n, e })))
    }

    /// The key of a certificate, of which P-256 and Ed25519 are taken.
    pub(crate) fn of_certificate(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let info = parsed.public_key();
        let bytes = info.subject_public_key.data.to_vec();
        if info.algorithm.algorithm == OID_SIG_ED25519 {
            return Self::eddsa(bytes);
        }
        let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
        let is_p256 = info.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY && curve == OID_EC_P256;
        if is_p256 { Self::es256(bytes) } else { None }
    }

    /// What it is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Material::Es256(_) => Algorithm::Es256,
            Material::EdDsa(_) => Algorithm::EdDsa,
            Material::Rs256(_) => Algorithm::Rs256,
        }
    }

    /// Whether `signature` is this key's over `signed`. The length of a signature is checked as well: 64 bytes for the first two,
    /// the modulus's for RSA.
    #[must_use]
    pub fn verify(&self, signed: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
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
