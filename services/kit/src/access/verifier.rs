//! The side that is told who asks. In: a token, and whose certificate was shown on the connection it came over. Out: the principal, or why it
//! isn't believed. A certificate that was judged is remembered by its fingerprint, and a token by its digest, until either of them ends or our own
//! files change. Must not take a token from a service that isn't named as a speaker, nor one that another service has signed.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prometheus::IntCounterVec;
use ring::digest::{self, SHA256};
use rustls::pki_types::{CertificateDer, UnixTime};

use super::caller::Principal;
use super::claims::{Claims, TYPE, Wrong};
use crate::bounded::Bounded;
use crate::jws::{Compact, PublicKey, Unreadable};
use crate::metrics::Metrics;
use crate::tls::{self, Caller as Peer, Material, SpiffeId};

/// Most certificates of a token: the leaf, and three on its way to a root.
const CHAIN: usize = 4;
/// Certificates that are remembered, while they are in use. Speakers are few, and have one at a time.
const CHAINS: usize = 256;
/// Tokens that are remembered, while they are in use.
const TOKENS: usize = 20_000;

/// A SHA-256.
type Digest = [u8; 32];

/// Why a token isn't believed. Says what would be right, never what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// Who calls may speak for itself only.
    #[error("the calling service may not say who asks")]
    NoSpeaker,
    /// The text is none.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It is a token of another kind.
    #[error("the token is no internal token")]
    Type,
    /// No certificates, too many, or none of ours.
    #[error("the internal token holds no certificate of this platform")]
    Certificate,
    /// It is somebody else's than the connection's.
    #[error("the internal token is signed by another service than the one that calls")]
    Another,
    /// The key didn't sign it.
    #[error("the internal token's signature is wrong")]
    Signature,
    /// What it says isn't so.
    #[error(transparent)]
    Wrong(#[from] Wrong),
}

/// A certificate that was judged.
#[derive(Debug)]
struct Signer {
    id: SpiffeId,
    key: PublicKey,
    /// When it ends, in seconds since 1970.
    until: u64,
    /// Of the material that judged it.
    serial: u64,
}

#[derive(Debug, Clone)]
struct Believed {
    principal: Principal,
    signer: Arc<Signer>,
    /// When the token ends.
    until: u64,
}

/// Verifies tokens for one service.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Our own name, for which tokens have to be.
    audience: String,
    /// Names of services that may say who asks.
    speakers: BTreeSet<String>,
    signers: Bounded<Digest, Arc<Signer>>,
    tokens: Bounded<Digest, Believed>,
    lookups: IntCounterVec,
}

impl Verifier {
    pub(super) fn new(audience: &str, speakers: &[String], metrics: &Metrics) -> Self {
        Self {
            audience: audience.to_owned(),
            speakers: speakers.iter().cloned().collect(),
            signers: Bounded::new(CHAINS),
            tokens: Bounded::new(TOKENS),
            lookups: metrics.cache.clone(),
        }
    }

    /// Whether a service of our own namespace may say who asks.
    pub(super) fn may_speak(&self, peer: &SpiffeId, material: &Material) -> bool {
        peer.name_beside(&material.identity).is_some_and(|name| self.speakers.contains(name))
    }

    /// Whom a token speaks for that came over a connection of `peer`.
    ///
    /// # Errors
    /// See [`Refused`].
    pub(super) fn verify(
        &self,
        text: &str,
        peer: &SpiffeId,
        material: &Material,
        now: UnixTime,
    ) -> Result<Principal, Refused> {
        if !self.may_speak(peer, material) {
            return Err(Refused::NoSpeaker);
        }
        let name = sha256([text.as_bytes()]);
        if let Some(known) = self.tokens.get(&name)
            && known.until > now.as_secs()
            && known.signer.holds(material, now)
            && known.signer.id == *peer
        {
            self.lookups.with_label_values(&["internal_tokens", "hit"]).inc();
            return Ok(known.principal);
        }
        self.lookups.with_label_values(&["internal_tokens", "miss"]).inc();
        let token = Compact::read(text)?;
        let signer = self.signer(&token, material, now)?;
        if signer.id != *peer {
            return Err(Refused::Another);
        }
        if !token.is_signed_by(&signer.key) {
            return Err(Refused::Signature);
        }
        let (principal, until) = Claims::judge(token.claims(), &self.audience, now.as_secs())?;
        self.tokens.insert(name, Believed { principal, signer, until });
        Ok(principal)
    }

    /// Whose certificate is in a token.
    fn signer(&self, token: &Compact<'_>, material: &Material, now: UnixTime) -> Result<Arc<Signer>, Refused> {
        let head = token.head();
        if head.typ.as_deref() != Some(TYPE) {
            return Err(Refused::Type);
        }
        if !(1..=CHAIN).contains(&head.x5c.len()) {
            return Err(Refused::Certificate);
        }
        let name = sha256(head.x5c.iter().flat_map(|one| [one.as_bytes(), b" "]));
        if let Some(known) = self.signers.get(&name).filter(|known| known.holds(material, now)) {
            return Ok(known);
        }
        let chain: Vec<CertificateDer<'_>> = head
            .x5c
            .iter()
            .map(|text| STANDARD.decode(text).map(CertificateDer::from))
            .collect::<Result<_, _>>()
            .map_err(|_| Refused::Certificate)?;
        let signer = Arc::new(Signer::of(&chain, material, now).ok_or(Refused::Certificate)?);
        self.signers.insert(name, Arc::clone(&signer));
        Ok(signer)
    }
}

impl Signer {
    /// The holder of a chain that leads to a root we trust; none if it doesn't, or its key is none that tokens are signed with.
    fn of(chain: &[CertificateDer<'_>], material: &Material, now: UnixTime) -> Option<Self> {
        let Peer::Known(id) = material.caller(chain, now) else { return None };
        let leaf = chain.first()?;
        let key = PublicKey::of_certificate(leaf)?;
        let until = u64::try_from(tls::end(leaf).ok()?).ok()?;
        Some(Self { id, key, until, serial: material.serial })
    }

    /// Whether judging it now would come to the same.
    fn holds(&self, material: &Material, now: UnixTime) -> bool {
        self.serial == material.serial && now.as_secs() <= self.until
    }
}

fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    let mut context = digest::Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut name = Digest::default();
    name.copy_from_slice(context.finish().as_ref());
    name
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
