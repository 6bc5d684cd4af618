//! The three parts of a signed token (RFC 7515, compact). In: its text. Out: its parts, when it is written in the one way that it may
//! be. Must not believe what it read: that is for whoever checks the signature.
//!
//! A token whose text can be changed without breaking it isn't a name for anything. So base64 is canonical, without padding and without
//! stray bits, and a signature has exactly the length its algorithm gives it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::key::{Key, Kind};

/// Longest token in bytes.
const LONGEST: usize = 8 * 1024;

/// See the file's header.
#[derive(Debug)]
pub struct Token<'a> {
    head: Head,
    /// Head and claims as they were written: what is signed.
    signed: &'a [u8],
    claims: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Debug, Deserialize)]
struct Head {
    alg: String,
    kid: String,
    typ: Option<String>,
    /// Extensions that must be understood. None is.
    crit: Option<serde::de::IgnoredAny>,
}

/// The text is no token that is taken here. Says what would be right, never what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Too long, or not three parts.
    #[error("a token has three parts, 8192 bytes at most")]
    Shape,
    /// A part isn't canonical.
    #[error("the parts of a token are base64url without padding")]
    Encoding,
    /// The head lacks something, or asks for something.
    #[error("the head of a token names alg and kid, and nothing critical")]
    Head,
    /// The algorithm isn't one of ours.
    #[error("a token is signed with ES256, EdDSA or RS256")]
    Algorithm,
}

impl<'a> Token<'a> {
    /// Takes a text apart.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn read(text: &'a str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable::Shape);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Unreadable::Shape)?;
        let (head, claims) = signed.split_once('.').ok_or(Unreadable::Shape)?;
        if claims.contains('.') {
            return Err(Unreadable::Shape);
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Unreadable::Encoding);
        let (head, claims, signature) = (decode(head)?, decode(claims)?, decode(signature)?);
        let head: Head = serde_json::from_slice(&head).map_err(|_| Unreadable::Head)?;
        let is_usual =
            head.typ.as_deref().is_none_or(|typ| typ.eq_ignore_ascii_case("jwt") || typ.eq_ignore_ascii_case("at+jwt"));
        if head.crit.is_some() || !is_usual {
            return Err(Unreadable::Head);
        }
        if Kind::of_algorithm(&head.alg).is_none() {
            return Err(Unreadable::Algorithm);
        }
        Ok(Self { head, signed: signed.as_bytes(), claims, signature })
    }

    /// The key that it says it is signed with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.head.kid
    }

    /// Whether this key signed it. The key says with which algorithm; a token that says another one isn't signed by it.
    #[must_use]
    pub fn is_signed_by(&self, key: &Key) -> bool {
        Kind::of_algorithm(&self.head.alg) == Some(key.kind()) && key.verify(self.signed, &self.signature)
    }

    /// What it claims, JSON.
    #[must_use]
    pub fn claims(&self) -> &[u8] {
        &self.claims
    }
}
