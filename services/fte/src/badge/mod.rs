//! Certificates as Open Badges 3.0: what anybody can verify without asking us. In come what a certificate says, and keys; out go credentials,
//! status lists, and the documents of their issuer. Pure, but for the chance that places in lists are drawn from: the same certificate and key
//! give the same bytes. Must not name a person: an identifier appears as a salted hash only.
//!
//! `credential` says what is signed, `proof` signs it in both forms, `rdf` and `canonical` turn a document into the bytes that are signed,
//! `status` packs the lists, `issuer` and `keys` say who signs.

pub mod canonical;
pub mod credential;
pub mod issuer;
pub mod keys;
pub mod proof;
pub mod rdf;
pub mod status;

pub use credential::Facts;
pub use issuer::Issuer;
pub use keys::Keys;

use ring::digest::{Context, SHA256};
use uuid::{Builder, Uuid};

/// The context of credentials.
pub(crate) const CREDENTIALS: &str = "https://www.w3.org/ns/credentials/v2";
/// The context of Open Badges.
pub(crate) const OPEN_BADGES: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";

/// Why something could not be issued: a mistake of ours, whatever it is.
#[derive(Debug, thiserror::Error)]
pub enum BadgeError {
    /// What is signed is no JSON-LD.
    #[error("reading a document as JSON-LD")]
    JsonLd(#[from] oxjsonld::JsonLdSyntaxError),
    /// What is signed can't be written down.
    #[error("writing a document")]
    Json(#[from] serde_json::Error),
    /// A number that other languages may read as another one.
    #[error("writing a number that is no integer below 2^53")]
    Number,
    /// A list can't be packed.
    #[error("packing a status list")]
    Pack(#[from] std::io::Error),
}

/// The SHA-256 of parts one after the other.
fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().try_into().unwrap_or_default()
}

/// A name that follows from a digest: a UUID of version 8.
fn named(digest: &[u8; 32]) -> Uuid {
    let (bytes, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
    Builder::from_custom_bytes(*bytes).into_uuid()
}

#[cfg(test)]
pub(crate) mod fixtures {
    //! What another implementation issues for one certificate and fixed keys: `tests/badges/issue.mjs`.

    use super::{Facts, Issuer, Keys};
    use serde_json::Value;

    macro_rules! vector {
        ($name:literal) => {
            include_str!(concat!("../../tests/badges/vectors/", $name))
        };
    }
    pub(crate) use vector;

    /// The issuer whose keys are these.
    pub(crate) fn issuer(pem: &str) -> Issuer {
        let address = "https://badges.example.com".parse().unwrap();
        Issuer::new(&address, Some("Example Academy"), Keys::of(pem).unwrap()).unwrap()
    }

    /// The certificate.
    pub(crate) fn facts() -> Facts {
        let told: Value = serde_json::from_str(vector!("certificate.json")).unwrap();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        let number = |name: &str| told[name].as_i64().unwrap();
        Facts {
            certificate_id: text("certificate_id").parse().unwrap(),
            human_name_id: text("human_name_id").parse().unwrap(),
            token: text("token"),
            number: text("number"),
            course: text("course"),
            issued_at: text("issued_at").parse().unwrap(),
            expires_at: Some(text("expires_at").parse().unwrap()),
            earned: number("earned"),
            total: number("total"),
            pass_bp: number("pass_bp").try_into().unwrap(),
            status_list: number("status_list").try_into().unwrap(),
            status_index: number("status_index").try_into().unwrap(),
        }
    }
}
