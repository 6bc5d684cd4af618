//! A refresh token as a browser keeps it: sealed, so that whoever reads the browser's files, or a log of headers by mistake, has nothing that
//! Supabase would take. In: keys, and what is held. Out: a text for a cookie, and what was held again. Pure but for chance.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// Least characters of a key.
const LEAST_KEY: usize = 32;
/// Whose keys these are.
const SALT: &[u8] = b"rerp portal session 1";
/// Longest sealed text: browsers keep cookies of 4096 bytes with their names.
pub const LONGEST: usize = 3_800;

/// Keys that can't be used. Holds nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected keys of at least {LEAST_KEY} characters from a random source, the one that seals first, commas between"
)]
pub struct BadKeys;

/// What a sealed text is for; sealed for something else, it doesn't open.
#[derive(Clone, Copy)]
pub enum Purpose<'a> {
    /// Stays signed in.
    Session,
    /// Stays signed in at a portal that asks for a second factor, which was shown.
    Staff,
    /// Has shown a password, and may show a second factor. Signs nobody in.
    Factor,
    /// May choose another password, when address and code are shown again, as they were taken. Signs nobody in.
    Recovery {
        /// The address.
        email: &'a str,
        /// The code that was sent to it.
        code: &'a str,
    },
}

/// Shows neither address nor code.
impl fmt::Debug for Purpose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session => "Session",
            Self::Staff => "Staff",
            Self::Factor => "Factor",
            Self::Recovery { .. } => "Recovery",
        })
    }
}

impl Purpose<'_> {
    /// What is sealed in without being written down.
    fn bound(self) -> Vec<u8> {
        match self {
            Self::Session => SALT.to_vec(),
            Self::Staff => b"rerp portal staff 1".to_vec(),
            Self::Factor => b"rerp portal factor 1".to_vec(),
            Self::Recovery { email, code } => format!("rerp portal recovery 1 {} {email} {code}", email.len()).into(),
        }
    }
}

/// What a browser keeps for us.
#[derive(Debug, Clone)]
pub struct Held {
    /// Gives the next access token.
    pub refresh: SecretString,
    /// When it is over whatever happens, in seconds since 1970. Refreshing doesn't move it.
    pub until: u64,
}

/// As it is sealed.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    refresh: &'a str,
    until: u64,
}

/// Keys, of which the first seals and all open. Not shown by `Debug`.
#[derive(Clone)]
pub struct Seal(Arc<[LessSafeKey]>);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({} keys)", self.0.len())
    }
}

impl Seal {
    /// Reads `key` or `key,older`.
    ///
    /// # Errors
    /// A key can be guessed, or there is none.
    pub fn of(text: &str) -> Result<Self, BadKeys> {
        let keys = text.split(',').map(str::trim).map(key).collect::<Option<Vec<_>>>().ok_or(BadKeys)?;
        Ok(Self(keys.into()))
    }

    /// Seals. `None` where it gets longer than a cookie may be.
    #[must_use]
    pub fn seal(&self, held: &Held, purpose: Purpose<'_>) -> Option<String> {
        self.shut(&Written { refresh: held.refresh.expose_secret(), until: held.until }, purpose)
    }

    /// Seals anything. `None` where it gets longer than a cookie may be.
    pub(super) fn shut(&self, held: &impl Serialize, purpose: Purpose<'_>) -> Option<String> {
        let key = self.0.first()?;
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut text = serde_json::to_vec(held).ok()?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.bound()), &mut text)
            .ok()?;
        let sealed = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &text].concat());
        (sealed.len() <= LONGEST).then_some(sealed)
    }

    /// What was sealed. `None` where it was sealed with none of these keys or for something else, or has been changed since.
    #[must_use]
    pub fn open(&self, sealed: &str, purpose: Purpose<'_>) -> Option<Held> {
        self.opened(sealed, purpose, |plain| {
            let Written { refresh, until } = serde_json::from_slice(plain).ok()?;
            Some(Held { refresh: refresh.into(), until })
        })
    }

    /// What `read` makes of what was sealed.
    pub(super) fn opened<T>(&self, sealed: &str, purpose: Purpose<'_>, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        if sealed.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>()?;
        self.0.iter().find_map(|key| {
            let mut text = text.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            read(key.open_in_place(nonce, Aad::from(purpose.bound()), &mut text).ok()?)
        })
    }
}

fn key(text: &str) -> Option<LessSafeKey> {
    if text.len() < LEAST_KEY {
        return None;
    }
    let secret = Salt::new(HKDF_SHA256, SALT).extract(text.as_bytes());
    Some(LessSafeKey::new(UnboundKey::from(secret.expand(&[b"seal".as_slice()], &AES_256_GCM).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "a key of this year with enough letters";
    const OLD: &str = "a key of last year with enough letters";

    fn held() -> Held {
        Held { refresh: "refresh-token".to_owned().into(), until: 7 }
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_as_long_as_that_is_named() {
        let (old, both) = (Seal::of(OLD).unwrap(), Seal::of(&format!("{NEW}, {OLD}")).unwrap());
        let sealed = old.seal(&held(), Purpose::Session).unwrap();
        assert!(!sealed.contains("refresh"));
        let opened = both.open(&sealed, Purpose::Session).unwrap();
        assert_eq!((opened.refresh.expose_secret(), opened.until), ("refresh-token", 7));
        let newer = both.seal(&held(), Purpose::Session).unwrap();
        assert!(old.open(&newer, Purpose::Session).is_none(), "the first key seals");
        assert_ne!(
            old.seal(&held(), Purpose::Session),
            old.seal(&held(), Purpose::Session),
            "never the same text twice"
        );
    }

    /// A key is changed in steps, each in all pods before the next.
    #[test]
    fn a_key_is_changed_without_losing_a_session() {
        let of = |text: &str| Seal::of(text).unwrap();
        let steps = [OLD.to_owned(), format!("{OLD},{NEW}"), format!("{NEW},{OLD}")];
        for pair in steps.windows(2) {
            for (sealer, opener) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
                let sealed = of(sealer).seal(&held(), Purpose::Session).unwrap();
                assert!(of(opener).open(&sealed, Purpose::Session).is_some(), "{sealer} {opener}");
            }
        }
    }

    #[test]
    fn what_is_sealed_for_one_purpose_opens_for_no_other() {
        let seal = Seal::of(NEW).unwrap();
        let ann = Purpose::Recovery { email: "ann@example.com", code: "123456" };
        let sealed = seal.seal(&held(), ann).unwrap();
        assert!(seal.open(&sealed, ann).is_some());
        assert!(seal.open(&sealed, Purpose::Session).is_none() && seal.open(&sealed, Purpose::Factor).is_none());
        let factor = seal.seal(&held(), Purpose::Factor).unwrap();
        assert!(seal.open(&factor, Purpose::Session).is_none() && seal.open(&factor, ann).is_none());
        assert!(seal.open(&seal.seal(&held(), Purpose::Session).unwrap(), Purpose::Factor).is_none());
        let staff = seal.seal(&held(), Purpose::Staff).unwrap();
        for (sealed, purpose) in [
            (&staff, Purpose::Session),
            (&staff, Purpose::Factor),
            (&factor, Purpose::Staff),
            (&sealed, Purpose::Staff),
        ] {
            assert!(seal.open(sealed, purpose).is_none(), "{purpose:?}");
        }
        assert!(seal.open(&seal.seal(&held(), Purpose::Session).unwrap(), Purpose::Staff).is_none());
        for (email, code) in
            [("ann@example.com", "123457"), ("bob@example.com", "123456"), ("ann@example.com 123", "456")]
        {
            assert!(seal.open(&sealed, Purpose::Recovery { email, code }).is_none(), "{email} {code}");
        }
        assert!(seal.open(&seal.seal(&held(), Purpose::Session).unwrap(), ann).is_none());
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let seal = Seal::of(NEW).unwrap();
        let sealed = seal.seal(&held(), Purpose::Session).unwrap();
        for at in 0..sealed.len() {
            let changed: String = sealed
                .char_indices()
                .map(|(each, letter)| {
                    if each != at {
                        letter
                    } else if letter == 'B' {
                        'k'
                    } else {
                        'B'
                    }
                })
                .collect();
            assert!(seal.open(&changed, Purpose::Session).is_none(), "{at}");
        }
        for other in ["", "A", &sealed[1..], &"A".repeat(LONGEST + 1)] {
            assert!(seal.open(other, Purpose::Session).is_none());
        }
        let long = Held { refresh: "a".repeat(LONGEST).into(), until: 7 };
        assert!(seal.seal(&long, Purpose::Session).is_none());
    }

    #[test]
    fn keys_that_can_be_guessed_are_refused_and_none_is_shown() {
        for text in ["", "short", &format!("{NEW},short"), &format!("{NEW},")] {
            assert_eq!(Seal::of(text).unwrap_err(), BadKeys, "{text}");
        }
        assert_eq!(format!("{:?}", Seal::of(NEW).unwrap()), "Seal(1 keys)");
    }
}
