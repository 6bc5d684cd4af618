//! A token of an issuer. In: its text. Out: its parts, when it is written in the one way that it may be. Must not believe what it read: that
//! is for whoever checks the signature.

use crate::jws::{Compact, Unreadable};

use super::key::Key;

/// See the file's header.
#[derive(Debug)]
pub struct Token<'a> {
    compact: Compact<'a>,
    kid: String,
}

impl<'a> Token<'a> {
    /// Takes a text apart.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn read(text: &'a str) -> Result<Self, Unreadable> {
        let compact = Compact::read(text)?;
        let usual = |typ: &str| typ.eq_ignore_ascii_case("jwt") || typ.eq_ignore_ascii_case("at+jwt");
        let kid = compact.head().kid.clone().ok_or(Unreadable::Head)?;
        if !compact.head().typ.as_deref().is_none_or(usual) {
            return Err(Unreadable::Head);
        }
        Ok(Self { compact, kid })
    }

    /// The key that it says it is signed with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.kid
    }

    /// Whether this key signed it. The key says with which algorithm; a token that says another one isn't signed by it.
    #[must_use]
    pub fn is_signed_by(&self, key: &Key) -> bool {
        self.compact.is_signed_by(key.public())
    }

    /// What it claims, JSON.
    #[must_use]
    pub fn claims(&self) -> &[u8] {
        self.compact.claims()
    }
}
