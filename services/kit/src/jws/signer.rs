//! One private key. In: the key of a service's certificate. Out: signatures in the form that tokens have. Must not show the key.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use rustls::pki_types::PrivateKeyDer;

use super::key::Algorithm;

/// A private key, and with it what it is for. The operator makes keys of P-256.
#[derive(Debug)]
pub(crate) enum SigningKey {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl SigningKey {
    /// The key, if it is of P-256 or Ed25519 and written as PKCS #8.
    pub(crate) fn of(key: &PrivateKeyDer<'_>) -> Option<Self> {
        let PrivateKeyDer::Pkcs8(key) = key else { return None };
        let der = key.secret_pkcs8_der();
        let of_p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new());
        let of_p256 = of_p256.ok().map(Self::Es256);
        of_p256.or_else(|| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Self::EdDsa))
    }

    /// What it is for.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256(_) => Algorithm::Es256,
            Self::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// A signature of 64 bytes; none if the system gives no randomness.
    pub(crate) fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Es256(pair) => {
                pair.sign(&SystemRandom::new(), text).ok().map(|signature| signature.as_ref().to_vec())
            }
            Self::EdDsa(pair) => Some(pair.sign(text).as_ref().to_vec()),
        }
    }
}
