//! The calling side. In: live material. Out: a rustls configuration that shows the present certificate and trusts the present
//! roots on each new connection, however old the configuration is.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::sync::watch;

use super::material::Material;
use super::provider;

/// What is spoken above TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Protocol {
    /// HTTP/1.1: REST.
    Http1,
    /// HTTP/2: gRPC.
    Http2,
    /// NATS, which names no protocol in the handshake.
    Nats,
}

impl Protocol {
    /// Its names in the handshake (ALPN).
    fn names(self) -> Vec<Vec<u8>> {
        match self {
            Self::Http1 => vec![b"http/1.1".to_vec()],
            Self::Http2 => vec![b"h2".to_vec()],
            Self::Nats => Vec::new(),
        }
    }
}

/// A configuration for calls; without material one that trusts nobody, for calls in the clear.
///
/// # Errors
/// The provider lacks TLS 1.3, hence a bug.
pub(super) fn config(
    material: Option<watch::Receiver<Arc<Material>>>,
    protocol: Protocol,
) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&rustls::version::TLS13])?;
    let mut config = match material {
        None => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        Some(material) => {
            let live = Arc::new(Live(material));
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::clone(&live) as Arc<dyn ServerCertVerifier>)
                .with_client_cert_resolver(live)
        }
    };
    config.alpn_protocols = protocol.names();
    // A resumed session would skip the look at the roots.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

#[derive(Debug)]
struct Live(watch::Receiver<Arc<Material>>);

impl Live {
    fn servers(&self) -> Arc<WebPkiServerVerifier> {
        Arc::clone(&self.0.borrow().of_servers)
    }
}

impl ResolvesClientCert for Live {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.borrow().key))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// The standard verification against the present roots: chain, time, and the name that was called. Only the operator's
/// authority signs, and it gives a name to its service alone, so the name is the identity.
impl ServerCertVerifier for Live {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.servers().verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.servers().verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.servers().verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.servers().supported_verify_schemes()
    }
}
