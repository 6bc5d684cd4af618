//! The three parts of a signed token. In: its text. Out: its parts, when it is written in the one way that it may be.
//!
//! A token whose text can be changed without breaking it isn't a name for anything. So base64 is canonical, without padding and without
//! stray bits, and a signature has exactly the length its algorithm gives it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::key::{Algorithm, PublicKey};

/// Longest token in bytes.
const LONGEST: usize = 8 * 1024;

/// What a head says, as far as anybody here asks.
#[derive(Debug, Deserialize)]
pub struct Head {
    alg: String,
    /// What the token is.
    pub typ: Option<String>,
    /// The name of the key.
    pub kid: Option<String>,
    /// The certificate of the key, and those that lead from it to a root; each in standard base64.
    #[serde(default)]
    pub x5c: Vec<String>,
    /// Extensions that must be understood. None is.
    crit: Option<serde::de::IgnoredAny>,
}

/// See the file's header.
#[derive(Debug)]
pub struct Compact<'a> {
    head: Head,
    algorithm: Algorithm,
    /// Head and claims as they were written: what is signed.
    signed: &'a [u8],
    claims: Vec<u8>,
    signature: Vec<u8>,
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
    #[error("the head of a token names the algorithm and the key, and nothing critical")]
    Head,
    /// The algorithm isn't one of ours.
    #[error("a token is signed with ES256, EdDSA or RS256")]
    Algorithm,
}

impl<'a> Compact<'a> {
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
        if head.crit.is_some() {
            return Err(Unreadable::Head);
        }
        let algorithm = Algorithm::of_name(&head.alg).ok_or(Unreadable::Algorithm)?;
        Ok(Self { head, algorithm, signed: signed.as_bytes(), claims, signature })
    }

    /// What its head says.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Whether this key signed it. The key says with which algorithm; a token that says another one isn't signed by it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.algorithm == key.algorithm() && key.verify(self.signed, &self.signature)
    }

    /// What it claims, JSON.
    #[must_use]
    pub fn claims(&self) -> &[u8] {
        &self.claims
    }
}
