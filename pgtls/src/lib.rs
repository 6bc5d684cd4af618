//! How `tokio_postgres` reaches a server over TLS, told in libpq's words: `sslmode` and `sslrootcert`.
//!
//! In: a PostgreSQL URL, or roots as PEM. Out: the driver's settings, a connector, and the same choice in libpq's words for whoever
//! else connects with it (`pg_dump`, a subscription). The roots are read for each connection, so a bundle that changes is
//! followed. Must not: connect, or show a URL, which holds a password.

mod advice;
mod connector;
mod url;

pub use advice::{advice, suffix};
pub use connector::{Connector, trusting};
pub use url::Address;

use std::path::{Path, PathBuf};

/// What a connection does about TLS. The meanings are libpq's; its other modes promise less than they seem to, and are refused.
/// Source: <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// None.
    Disable,
    /// If the server offers it; whose certificate it is isn't asked. What holds where a URL says nothing.
    Prefer,
    /// Always; whose certificate it is isn't asked.
    Require,
    /// Always, with a certificate for the host's name that one of the roots in this PEM file vouches for.
    VerifyFull {
        /// The file.
        roots: PathBuf,
    },
}

/// Why a connection can't be prepared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a PostgreSQL URL.
    #[error("not a PostgreSQL URL")]
    Url(#[from] tokio_postgres::Error),
    /// A mode that isn't offered.
    #[error("sslmode={0} is not supported; write disable, prefer, require or verify-full")]
    Mode(String),
    /// Nothing to verify against.
    #[error("sslmode=verify-full needs sslrootcert=FILE, the roots to trust in PEM")]
    NoRoots,
    /// Roots that nobody would look at.
    #[error(
        "sslrootcert is for sslmode=verify-full and is not looked at with sslmode={0}; write verify-full, or leave it out"
    )]
    UnusedRoots(&'static str),
    /// libpq's word for the roots of the operating system.
    #[error("sslrootcert=system is not supported; name a file")]
    SystemRoots,
    /// The roots can't be read.
    #[error("read the roots in {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The roots are no certificates.
    #[error("{0} holds no certificate in PEM that can be trusted")]
    Roots(String),
    /// A bug: the provider of cryptography lacks what it has.
    #[error("prepare TLS")]
    Prepare(#[source] rustls::Error),
}

impl Tls {
    /// libpq's word for it.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyFull { .. } => "verify-full",
        }
    }

    /// File with the roots, where there is one.
    #[must_use]
    pub fn roots(&self) -> Option<&Path> {
        match self {
            Self::VerifyFull { roots } => Some(roots),
            Self::Disable | Self::Prefer | Self::Require => None,
        }
    }

    /// A connector for one connection, with the roots as they are now.
    ///
    /// # Errors
    /// The roots can't be read or are none.
    pub async fn connector(&self) -> Result<Connector, Error> {
        match self.roots() {
            None => connector::anybody(),
            Some(path) => {
                let pem = tokio::fs::read(path).await;
                let pem = pem.map_err(|source| Error::Read { path: path.to_owned(), source })?;
                trusting(&pem, &path.display().to_string())
            }
        }
    }
}
