//! Who calls, and may they? In: the certificates that a caller showed. Out: a verdict. The one place that decides it, for the
//! handshake and for every request on a connection that was accepted before.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::Mode;
use super::identity::SpiffeId;
use super::material::Material;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Proved by a certificate of ours.
    Known(SpiffeId),
    /// Showed none, or one that proves nothing.
    Unknown,
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(id) => id.fmt(f),
            Self::Unknown => f.write_str("somebody without a certificate of this platform"),
        }
    }
}

/// The caller isn't on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied;

impl Material {
    /// Whether `caller` may call this service.
    ///
    /// # Errors
    /// It may not.
    pub(crate) fn admit(&self, caller: &Caller) -> Result<(), Denied> {
        match caller {
            Caller::Known(id) if self.callers.contains(id) => Ok(()),
            _ => Err(Denied),
        }
    }

    /// Who showed `chain`.
    pub(crate) fn caller(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Caller {
        let Some((first, rest)) = chain.split_first() else { return Caller::Unknown };
        match self.of_callers.verify_client_cert(first, rest, now) {
            Ok(_) => SpiffeId::of(first).map_or(Caller::Unknown, Caller::Known),
            Err(_) => Caller::Unknown,
        }
    }
}

/// Judges callers in the handshake: a stranger's request is never even parsed.
#[derive(Debug)]
pub(super) struct AtTheDoor {
    pub(super) material: Arc<Material>,
    pub(super) mode: Mode,
}

impl ClientCertVerifier for AtTheDoor {
    fn client_auth_mandatory(&self) -> bool {
        self.mode == Mode::Strict
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Without hints a caller shows what it has.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.mode == Mode::Audit {
            return Ok(ClientCertVerified::assertion());
        }
        let verified = self.material.of_callers.verify_client_cert(end_entity, intermediates, now)?;
        let caller = SpiffeId::of(end_entity).map_or(Caller::Unknown, Caller::Known);
        match self.material.admit(&caller) {
            Ok(()) => Ok(verified),
            Err(Denied) => Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.material.of_callers.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.material.of_callers.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.material.of_callers.supported_verify_schemes()
    }
}
