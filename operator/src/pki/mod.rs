//! The built-in certificate authority. `authority` keeps it in a Secret, `issue` makes certificates, `plan` says when one is due, `keep` does both
//! for one holder. `rotation` says how far the change of the authority itself is, `rotate` takes its steps.
//! Must not: know what a certificate is for beyond the names in it.

pub mod authority;
pub mod issue;
pub mod keep;
pub mod plan;
pub mod rotate;
pub mod rotation;

use crate::outcome::Outcome;
use issue::Leaf;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use rerp_crds::Reason;

/// Key of the certificate in a Secret of type `kubernetes.io/tls`.
pub const CERTIFICATE: &str = "tls.crt";
/// Key of the private key in a Secret of type `kubernetes.io/tls`.
pub const KEY: &str = "tls.key";
/// Key of the roots to trust.
pub const ROOTS: &str = "ca.crt";

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The authority's Secret lacks a key.
    #[error("it has no {key}")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A PEM text can't be read.
    #[error("its {key} can't be read")]
    Unreadable {
        /// Where it stands.
        key: &'static str,
    },
    /// Certificate and key don't belong together.
    #[error("its tls.key does not belong to its tls.crt")]
    Mismatch,
    /// The certificate may not sign others.
    #[error("its tls.crt is not the certificate of an authority")]
    NoAuthority,
    /// What it signs would be trusted by nobody.
    #[error("its ca.crt does not hold the certificate in its tls.crt")]
    NotARoot,
    /// The authority's own certificate has ended.
    #[error("its certificate ended at {at}")]
    Ended {
        /// When.
        at: jiff::Timestamp,
        /// Whether the operator made it, and makes another.
        ours: bool,
    },
    /// A person's wish that can't be read.
    #[error("its annotation rerp.dev/authority-settle is '{0}', which is no duration such as 15m or 2h")]
    Settle(String),
    /// A certificate could not be made.
    #[error("make a certificate")]
    Make(#[from] rcgen::Error),
    /// A time that no certificate can hold.
    #[error("make a certificate for a time that can't be written")]
    Time,
}

impl Error {
    /// What follows from it: a Secret that can't be used needs a person, everything else another try.
    pub fn outcome(&self, secret: &str) -> Outcome {
        match self {
            Self::Make(source) => Outcome::failed(Reason::CertificateFailed, format!("{self}: {source}")),
            Self::Time => Outcome::failed(Reason::CertificateFailed, self.to_string()),
            Self::Ended { ours: true, .. } => Outcome::failed(
                Reason::AuthorityUnusable,
                format!(
                    "Secret {secret} with the certificate authority: {self}; a new one takes its place within a minute"
                ),
            ),
            _ => Outcome::refused(
                Reason::AuthorityUnusable,
                format!(
                    "Secret {secret} with the certificate authority can't be used: {self}; restore it from a backup, \
                     or delete it to have a new authority made (services then distrust each other until all have new certificates)"
                ),
            ),
        }
    }
}

/// A Secret of type `kubernetes.io/tls` without a name yet.
pub fn to_secret(leaf: &Leaf) -> Secret {
    let data = [(CERTIFICATE, &leaf.certificate), (KEY, &leaf.key)];
    Secret {
        type_: Some("kubernetes.io/tls".to_owned()),
        data: Some(data.map(|(key, text)| (key.to_owned(), ByteString(text.clone().into_bytes()))).into()),
        ..Secret::default()
    }
}
