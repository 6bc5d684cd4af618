//! The built-in certificate authority. `authority` keeps it in a Secret, `issue` makes certificates, `plan` says when one is due.
//! Must not: know what a certificate is for beyond the names in it.

pub mod authority;
pub mod issue;
pub mod plan;

use crate::outcome::Outcome;
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
    /// The authority's own certificate has ended.
    #[error("its certificate ended at {0}")]
    Ended(jiff::Timestamp),
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
