//! How a certificate or its use can be wrong. Must not show what files hold.

use std::path::PathBuf;

/// Files that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("reading {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds no certificate, or no key.
    #[error("{file} holds no PEM text of the expected kind")]
    NotPem {
        /// Name of the file.
        file: &'static str,
    },
    /// Certificate and key don't go together, or are of a kind that isn't supported.
    #[error("using the certificate of this service")]
    Unusable(#[source] rustls::Error),
    /// The certificate proves no identity.
    #[error("reading the identity in the certificate of this service")]
    NoIdentity(#[source] NoIdentity),
    /// The roots can't be used.
    #[error("using the roots in ca.crt")]
    Roots(#[source] rustls::server::VerifierBuilderError),
    /// A line of `peers` is no SPIFFE ID.
    #[error("line {line} of peers is not a SPIFFE ID such as spiffe://rerp.local/ns/rerp/sa/marketing")]
    Peer {
        /// The line, from 1.
        line: usize,
    },
}

/// Why a certificate proves no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIdentity {
    /// It can't be parsed.
    #[error("not an X.509 certificate")]
    NotX509,
    /// It has no URI, or several: a SPIFFE certificate has exactly one.
    #[error("{0} URIs among its names, where exactly one is needed")]
    Uris(usize),
    /// Its URI is no SPIFFE ID.
    #[error("its URI is not a SPIFFE ID")]
    NotSpiffe,
}
