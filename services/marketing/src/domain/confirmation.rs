//! Tokens in mails that ask whether somebody meant what was left under their address. In come keys, identifiers and what somebody shows; out go tokens and
//! identifiers. Pure. A token is an identifier and an HMAC of it: whoever reads the tables can make none.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256, Sha512};
use uuid::Uuid;

/// Least bytes of a key.
const LEAST_KEY: usize = 32;
/// Bytes of an identifier.
const ID: usize = 16;
/// Bytes of a token: the identifier, and the code after it.
const BYTES: usize = ID + 32;
/// Characters of a token.
pub const TOKEN: usize = 2 * BYTES;

/// The keys that tokens are made with, the same for all pods: the first makes them, all are believed.
#[derive(Debug, Clone)]
pub struct Keys(Arc<Vec<SecretBox<[u8; 64]>>>);

impl Keys {
    /// One key or several with commas between, each of at least 32 bytes. `None` when there is none, or one is shorter.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let keys: Vec<&str> = text.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
        let is_right = !keys.is_empty() && keys.iter().all(|key| key.len() >= LEAST_KEY);
        let sealed = |key: &&str| -> SecretBox<[u8; 64]> { SecretBox::new(Box::new(Sha512::digest(key).into())) };
        is_right.then(|| Self(Arc::new(keys.iter().map(sealed).collect())))
    }

    /// The token of an identifier: the same each time, so that the same mail may be given to its vendor twice.
    #[must_use]
    pub fn token(&self, id: Uuid) -> Option<String> {
        let code = mac(self.0.first()?, id).finalize().into_bytes();
        Some(format!("{}{}", hex::encode(id.as_bytes()), hex::encode(code)))
    }

    /// The identifier of a token that we made. It takes as long whatever is wrong with the code.
    #[must_use]
    pub fn shown(&self, text: &str) -> Option<Uuid> {
        let is_plain = text.len() == TOKEN && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let bytes = hex::decode(text).ok().filter(|_| is_plain)?;
        let (id, code) = bytes.split_at_checked(ID)?;
        let id = Uuid::from_slice(id).ok()?;
        self.0.iter().any(|key| mac(key, id).verify_slice(code).is_ok()).then_some(id)
    }
}

fn mac(key: &SecretBox<[u8; 64]>, id: Uuid) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new(key.expose_secret().into());
    mac.update(b"confirmation");
    mac.update(id.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_is_ours_or_none() {
        let (keys, id) = (Keys::of(OLD).unwrap(), Uuid::from_u128(7));
        let token = keys.token(id).unwrap();
        assert_eq!((token.len(), keys.shown(&token), keys.token(id)), (TOKEN, Some(id), Some(token.clone())));
        let other = keys.token(Uuid::from_u128(8)).unwrap();
        let mixed = format!("{}{}", &token[..2 * ID], &other[2 * ID..]);
        for text in ["", "7", &mixed, &token.to_uppercase(), &format!("{token}0"), &"0".repeat(TOKEN)] {
            assert_eq!(keys.shown(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_is_replaced_while_mails_are_out() {
        let id = Uuid::from_u128(7);
        let old = Keys::of(OLD).unwrap();
        let both = Keys::of(&format!("fedcba9876543210fedcba9876543210, {OLD}")).unwrap();
        assert_eq!(both.shown(&old.token(id).unwrap()), Some(id));
        assert_ne!(both.token(id), old.token(id));
        assert_eq!(old.shown(&both.token(id).unwrap()), None);
        for text in ["", " , ", "short", "0123456789abcdef0123456789abcdef,short"] {
            assert!(Keys::of(text).is_none(), "{text}");
        }
    }
}
