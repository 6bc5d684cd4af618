//! One caller, for as long as its connection lives. In: the certificates that it showed. Out: who it is, and whether they still
//! prove it. A connection lives longer than a certificate, and longer than the roots it was judged by.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::{CertificateDer, UnixTime};

use super::callers::Caller;
use super::material::{self, Material};

/// See the file's header.
#[derive(Debug)]
pub(crate) struct Peer {
    caller: Caller,
    chain: Vec<CertificateDer<'static>>,
    /// When its certificate ends, in seconds since 1970.
    until: u64,
    /// The version of our own files that found the chain good.
    judged_by: Mutex<Arc<Material>>,
}

impl Peer {
    /// Who showed `chain`.
    pub(crate) fn new(chain: Option<&[CertificateDer<'_>]>, material: Arc<Material>, now: UnixTime) -> Self {
        let chain: Vec<_> = chain.unwrap_or_default().iter().map(|one| one.clone().into_owned()).collect();
        let caller = material.caller(&chain, now);
        let end = chain.first().and_then(|own| material::end(own).ok()).and_then(|end| u64::try_from(end).ok());
        Self { caller, chain, until: end.unwrap_or(0), judged_by: Mutex::new(material) }
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether a handshake now would come to the same result. Looks at the chain only when our own files have changed.
    pub(crate) fn is_proved(&self, material: &Arc<Material>, now: UnixTime) -> bool {
        if self.caller == Caller::Unknown {
            return true;
        }
        if now.as_secs() > self.until {
            return false;
        }
        let mut judged_by = self.judged_by.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&judged_by, material) {
            if material.caller(&self.chain, now) != self.caller {
                return false;
            }
            *judged_by = Arc::clone(material);
        }
        true
    }
}
