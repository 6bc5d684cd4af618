//! rustls as the driver wants it. In: roots, or none. Out: a connector.

use crate::Error;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// What the driver opens TLS with, and the same for streams of one's own.
#[derive(Clone)]
pub struct Connector {
    config: Arc<ClientConfig>,
}

impl Connector {
    /// For `tokio_postgres::Config::connect`.
    #[must_use]
    pub fn driver(&self) -> MakeRustlsConnect {
        MakeRustlsConnect::new(ClientConfig::clone(&self.config))
    }

    /// For a handshake of one's own.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

/// One that takes a server for what it is to be when a root in `pem` vouches for a certificate with the host's name. `what` says
/// in errors where the roots are from.
///
/// # Errors
/// There is no certificate in it, or one that can't be a root.
pub fn trusting(pem: &[u8], what: &str) -> Result<Connector, Error> {
    let mut store = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(pem) {
        let root = root.map_err(|_| Error::Roots(what.to_owned()))?;
        store.add(root).map_err(|_| Error::Roots(what.to_owned()))?;
    }
    if store.is_empty() {
        return Err(Error::Roots(what.to_owned()));
    }
    Ok(Connector { config: Arc::new(builder()?.with_root_certificates(store).with_no_client_auth()) })
}

/// One that doesn't ask who the server is.
pub(crate) fn anybody() -> Result<Connector, Error> {
    let verifier = Arc::new(Anybody(Arc::new(ring::default_provider())));
    let config = builder()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    Ok(Connector { config: Arc::new(config) })
}

/// The provider is named: nothing depends on what a process installed before. TLS 1.2 is for servers that aren't the platform's.
fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::Prepare)
}

/// libpq's `require`: the channel is encrypted, and its other end unknown.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_have_to_be_certificates() {
        for pem in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let error = trusting(pem.as_bytes(), "/r/ca.crt").err().unwrap().to_string();
            assert_eq!(error, "/r/ca.crt holds no certificate in PEM that can be trusted", "{pem}");
        }
    }
}
