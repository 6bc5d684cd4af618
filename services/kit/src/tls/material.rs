//! From files to something that can be used. In: PEM texts. Out: key, roots, callers, all checked. Must not read files.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::error::{NoIdentity, TlsError};
use super::files::Files;
use super::identity::SpiffeId;
use super::provider;
use crate::jws::SigningKey;

/// Counts the versions that this process has read.
static SERIALS: AtomicU64 = AtomicU64::new(1);

/// One version of a service's certificate and of what it trusts.
#[derive(Debug)]
pub(crate) struct Material {
    /// Tells this version from all others of this process.
    pub(crate) serial: u64,
    /// Who we are.
    pub(crate) identity: SpiffeId,
    /// When the certificate ends, in seconds since 1970.
    pub(crate) not_after: i64,
    /// What we show.
    pub(super) key: Arc<CertifiedKey>,
    /// What we sign tokens with; none if the key is of another kind than tokens are signed with.
    pub(crate) signer: Option<SigningKey>,
    /// Whom we let in.
    pub(super) callers: BTreeSet<SpiffeId>,
    /// Judges certificates of callers, by the roots alone.
    pub(super) of_callers: Arc<dyn ClientCertVerifier>,
    /// Judges certificates of those we call, by the roots and the name we called.
    pub(super) of_servers: Arc<WebPkiServerVerifier>,
}

impl Material {
    /// Checks `files`.
    ///
    /// # Errors
    /// Something in them can't be used; what was used before stays in use then.
    pub(super) fn of(files: &Files) -> Result<Self, TlsError> {
        let chain = certificates(&files.certificate, "tls.crt")?;
        let own = chain.first().ok_or(TlsError::NotPem { file: "tls.crt" })?;
        let (identity, not_after) = (SpiffeId::of(own).map_err(TlsError::NoIdentity)?, end(own)?);
        let key = PrivateKeyDer::from_pem_slice(&files.key).map_err(|_| TlsError::NotPem { file: "tls.key" })?;
        let signer = SigningKey::of(&key);
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(TlsError::Unusable)?;
        let roots = Arc::new(roots(&files.roots)?);
        Ok(Self {
            serial: SERIALS.fetch_add(1, Ordering::Relaxed),
            identity,
            not_after,
            key: Arc::new(key),
            signer,
            callers: callers(&files.peers)?,
            of_callers: WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider())
                .build()
                .map_err(TlsError::Roots)?,
            of_servers: WebPkiServerVerifier::builder_with_provider(roots, provider())
                .build()
                .map_err(TlsError::Roots)?,
        })
    }

    /// Our certificate, and those that lead from it to a root.
    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.key.cert
    }
}

fn certificates(pem: &[u8], file: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| TlsError::NotPem { file })
}

fn roots(pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for root in certificates(pem, "ca.crt")? {
        store.add(root).map_err(TlsError::Unusable)?;
    }
    Ok(store)
}

fn callers(text: &str) -> Result<BTreeSet<SpiffeId>, TlsError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| SpiffeId::parse(line.trim()).ok_or(TlsError::Peer { line: at + 1 })).collect()
}

/// When a certificate ends, in seconds since 1970.
pub(crate) fn end(certificate: &CertificateDer<'_>) -> Result<i64, TlsError> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| TlsError::NoIdentity(NoIdentity::NotX509))?;
    Ok(parsed.validity().not_after.timestamp())
}
