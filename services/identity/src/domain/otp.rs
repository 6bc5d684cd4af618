//! One-time codes: how they are made, and what is kept of them. In come a key, contacts and codes; out go digests. Pure but
//! for chance. Must not show a code or a contact in any message.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256, Sha512};
use uuid::Uuid;

/// How long a code is good for, in seconds.
pub const LIFETIME_S: i32 = 600;
/// How many guesses are looked at per code.
pub const TRIES: i16 = 5;
/// Least time between two codes to one contact, in seconds.
pub const GAP_S: i32 = 60;
/// How many codes one contact may ask for on a day.
pub const PER_CONTACT: i16 = 10;
/// Digits of a code.
const DIGITS: usize = 6;
/// Least bytes of a key.
const LEAST_KEY: usize = 32;

/// Where a code goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// To an email address.
    Email,
    /// To a telephone, as a text message.
    Phone,
    /// No code at all but an invitation by mail, which is counted like one.
    Invitation,
    /// A question by mail whether something was meant, which is counted like one too.
    Confirmation,
}

impl Channel {
    /// As stored.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Invitation => "invitation",
            Self::Confirmation => "confirmation",
        }
    }
}

/// The key under which digests are made. Whoever has the tables but not the key can try all codes and learn nothing.
#[derive(Debug, Clone)]
pub struct OtpKey(Arc<SecretBox<[u8; 64]>>);

impl OtpKey {
    /// A key of at least 32 bytes. `None` when it is shorter.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (text.len() >= LEAST_KEY).then(|| Self(Arc::new(SecretBox::new(Box::new(Sha512::digest(text).into())))))
    }

    /// What stands for a contact in the tables.
    #[must_use]
    pub fn contact(&self, channel: Channel, canonical: &str) -> Vec<u8> {
        self.mac(&[b"contact", channel.label().as_bytes(), canonical.as_bytes()]).finalize().into_bytes().to_vec()
    }

    /// What is kept of a code.
    #[must_use]
    pub fn digest(&self, challenge: Uuid, code: &Code) -> Vec<u8> {
        self.of_code(challenge, code).finalize().into_bytes().to_vec()
    }

    /// Whether `digest` was made from this code, in a time that doesn't depend on where they differ.
    #[must_use]
    pub fn proves(&self, challenge: Uuid, code: &Code, digest: &[u8]) -> bool {
        self.of_code(challenge, code).verify_slice(digest).is_ok()
    }

    fn of_code(&self, challenge: Uuid, code: &Code) -> Hmac<Sha256> {
        self.mac(&[b"code", challenge.as_bytes(), code.0.as_bytes()])
    }

    /// Each part is preceded by its length, so that no two lists of parts make the same input.
    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(self.0.expose_secret().into());
        for part in parts {
            mac.update(&part.len().to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

/// A code of six digits. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code")
    }
}

impl Code {
    /// A new one, each as likely as the other.
    #[must_use]
    pub fn draw() -> Self {
        let mut chance = rand::rng();
        Self((0..DIGITS).map(|_| char::from(b'0' + chance.random_range(0..10_u8))).collect())
    }

    /// What a person typed: six digits, spaces and hyphens between them don't count. `None` when it is anything else.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect();
        (digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(Self(digits))
    }

    /// For the message that carries it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> OtpKey {
        OtpKey::new("0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn a_digest_is_good_for_one_challenge_and_one_code() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let code = Code::typed("123456").unwrap();
        let digest = key().digest(one, &code);
        assert!(key().proves(one, &code, &digest));
        assert!(!key().proves(other, &code, &digest));
        assert!(!key().proves(one, &Code::typed("123457").unwrap(), &digest));
        let stranger = OtpKey::new("another key of at least 32 bytes, really").unwrap();
        assert!(!stranger.proves(one, &code, &digest));
    }

    #[test]
    fn contacts_of_two_channels_are_two() {
        assert_ne!(key().contact(Channel::Email, "x"), key().contact(Channel::Phone, "x"));
        assert!(OtpKey::new("too short").is_none());
    }

    #[test]
    fn codes_are_six_digits_however_they_are_typed() {
        assert_eq!(Code::typed(" 123-456"), Code::typed("123456"));
        for bad in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"] {
            assert_eq!(Code::typed(bad), None, "{bad}");
        }
        for _ in 0..100 {
            let code = Code::draw();
            assert_eq!(Code::typed(code.reveal()).as_ref(), Some(&code));
        }
        assert_eq!(format!("{:?}", Code::draw()), "Code");
    }
}
