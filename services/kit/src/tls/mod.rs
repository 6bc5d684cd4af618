//! Mutual TLS between services. In come the files that the operator mounts; out go a way to accept callers and a way to
//! call others, both of which follow the files without dropping a connection.
//!
//! `files` reads one consistent version, `material` makes keys, roots and the list of callers of it, `callers` judges who
//! calls, `peer` for how long, `client` is the calling side, `live` keeps everything fresh. Must not log keys, nor trust a name that no
//! certificate proves.

mod callers;
mod client;
mod error;
mod files;
mod identity;
mod live;
mod material;
mod peer;

pub use callers::{Caller, Denied};
pub(crate) use client::Protocol;
pub use error::TlsError;
pub use identity::SpiffeId;
pub use live::Tls;
pub(crate) use material::{Material, end};
pub(crate) use peer::Peer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;

/// What callers have to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A certificate whose identity is on the list.
    Strict,
    /// Anything: whom `Strict` would turn away is logged and counted.
    Audit,
}

/// Where a service's certificate is, and whom it lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Directory with `tls.crt`, `tls.key`, `ca.crt` and `peers`. `RERP_TLS_DIR`.
    pub dir: PathBuf,
    /// What callers have to show; none: requests are served in the clear, and the certificate is for calls to others.
    /// `RERP_TLS_MODE`.
    pub mode: Option<Mode>,
    /// How often the files are read again.
    pub refresh: Duration,
}

/// The one provider of cryptography, named wherever one is needed: nothing depends on what a process installed before.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
