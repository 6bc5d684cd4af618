//! Addresses that wait for Identity, as they are kept meanwhile: sealed. In come keys and what a visitor typed; out go bytes that say nothing
//! without the keys, and what was typed again. Pure but for chance. Must not show an address or a key in any message.

use std::fmt;
use std::sync::Arc;

use rerp_kit::problem::Mistakes;
use rerp_kit::text::is_invisible;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::hmac;
use uuid::Uuid;

use super::Lead;

/// Least characters of a key.
const LEAST_KEY: usize = 32;
/// Most bytes of an address as typed: what Identity reads at most.
const LONGEST: usize = 1024;
/// Plain texts are filled up to a multiple of this, so that a sealed one hardly tells how long an address is.
const BLOCK: usize = 64;

/// Why keys can't be used. Holds nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Not `name:key` with commas between.
    #[error(
        "expected name:key, the one that seals first, commas between; a name has 1 to 32 small letters, digits and hyphens"
    )]
    Form,
    /// A key that can be guessed.
    #[error("key {0} is too short; expected at least 32 characters from a random source")]
    Short(usize),
    /// Two keys of one name.
    #[error("key {0} has the name of another one")]
    Twice(usize),
}

/// One key: for sealing, and for marks.
struct Key {
    name: String,
    seal: LessSafeKey,
    mark: hmac::Key,
}

/// The keys, of which the first seals and all open. Clones share them. Not shown by `Debug`.
#[derive(Clone)]
pub struct Keys(Arc<[Key]>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// An address that can be read with its key alone, and for its lead alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Name of the key.
    pub key: String,
    /// Nonce, encrypted address, tag.
    pub sealed: Vec<u8>,
    /// What all rows of this address have in common, whatever the case it was typed in.
    pub mark: Vec<u8>,
}

impl Keys {
    /// Reads `name:key,name:key`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of(text: &str) -> Result<Self, KeysError> {
        let mut keys: Vec<Key> = Vec::new();
        for (at, part) in text.split(',').enumerate() {
            let (name, secret) = part.trim().split_once(':').ok_or(KeysError::Form)?;
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
                return Err(KeysError::Form);
            }
            if secret.len() < LEAST_KEY {
                return Err(KeysError::Short(at + 1));
            }
            if keys.iter().any(|key| key.name == name) {
                return Err(KeysError::Twice(at + 1));
            }
            keys.push(Key::of(name, secret).ok_or(KeysError::Form)?);
        }
        Ok(Self(keys.into()))
    }

    /// Names of all keys, the one that seals first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.name.as_str())
    }

    /// Seals an address for its lead. `None` if the system gives no randomness or there is no key: neither happens.
    #[must_use]
    pub fn seal(&self, lead: Lead, id: Uuid, typed: &str) -> Option<Sealed> {
        let key = self.0.first()?;
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut text = typed.trim().as_bytes().to_vec();
        text.resize(text.len().next_multiple_of(BLOCK), 0);
        let bound = bound_to(&key.name, lead.label(), id);
        key.seal.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut text).ok()?;
        let sealed = [nonce.as_slice(), &text].concat();
        Some(Sealed { key: key.name.clone(), sealed, mark: key.mark_of(typed) })
    }

    /// What was typed. `None` when it was sealed with a key that isn't here, for another lead, or has been changed since.
    #[must_use]
    pub fn open(&self, lead: &str, id: Uuid, name: &str, sealed: &[u8]) -> Option<String> {
        let key = self.0.iter().find(|key| key.name == name)?;
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let bound = bound_to(name, lead, id);
        let plain = key.seal.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound), &mut text).ok()?;
        std::str::from_utf8(plain).ok().map(|text| text.trim_end_matches('\0').to_owned())
    }

    /// The marks that an address has under all keys, the one that seals first: for telling whether two requests mean the same.
    #[must_use]
    pub fn marks(&self, typed: &str) -> Vec<Vec<u8>> {
        self.0.iter().map(|key| key.mark_of(typed)).collect()
    }
}

impl Key {
    fn of(name: &str, secret: &str) -> Option<Self> {
        let secret = Salt::new(HKDF_SHA256, b"rerp marketing intake").extract(secret.as_bytes());
        let seal = UnboundKey::from(secret.expand(&[b"seal".as_slice()], &AES_256_GCM).ok()?);
        let mark = hmac::Key::from(secret.expand(&[b"mark".as_slice()], hmac::HMAC_SHA256).ok()?);
        Some(Self { name: name.to_owned(), seal: LessSafeKey::new(seal), mark })
    }

    fn mark_of(&self, typed: &str) -> Vec<u8> {
        hmac::sign(&self.mark, typed.trim().to_lowercase().as_bytes()).as_ref().to_vec()
    }
}

/// What a sealed address is good for: moved to another lead, it doesn't open.
fn bound_to(key: &str, lead: &str, id: Uuid) -> String {
    format!("{key}/{lead}/{id}")
}

/// As much of an address as can be told without Identity, which judges it later: something, an `@`, something with a dot.
///
/// # Errors
/// The mistake, at `/email`.
pub fn plausible(typed: &str) -> Result<(), Mistakes> {
    let mut mistakes = Mistakes::default();
    let text = typed.trim();
    let named = |domain: &str| domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    let in_two = text
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && (domain.starts_with('[') || named(domain)));
    if text.len() > LONGEST || !in_two || text.chars().any(|c| c.is_control() || is_invisible(c)) {
        mistakes.add("/email", "this is not an email address");
    }
    mistakes.finish(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old:0123456789abcdef0123456789abcdef";
    const NEW: &str = "new:fedcba9876543210fedcba9876543210";

    #[test]
    fn an_address_opens_with_its_key_and_for_its_lead_alone() {
        let (keys, id) = (Keys::of(OLD).unwrap(), Uuid::from_u128(1));
        let sealed = keys.seal(Lead::Capture, id, " Ann@example.com ").unwrap();
        let open = |keys: &Keys, lead, id| keys.open(lead, id, &sealed.key, &sealed.sealed);
        assert_eq!(open(&keys, "capture", id).as_deref(), Some("Ann@example.com"));
        assert_eq!(open(&keys, "message", id), None);
        assert_eq!(open(&keys, "capture", Uuid::from_u128(2)), None);
        assert_eq!(open(&Keys::of(NEW).unwrap(), "capture", id), None);
        let stranger = Keys::of("old:another key of at least 32 characters").unwrap();
        assert_eq!(open(&stranger, "capture", id), None, "a name alone opens nothing");
        for at in 0..sealed.sealed.len() {
            let mut changed = sealed.sealed.clone();
            changed[at] ^= 1;
            assert_eq!(keys.open("capture", id, "old", &changed), None, "byte {at}");
        }
        assert_eq!(keys.open("capture", id, "old", &[]), None);
    }

    #[test]
    fn a_sealed_address_says_nothing() {
        let (keys, id) = (Keys::of(OLD).unwrap(), Uuid::from_u128(1));
        let [one, two] = [(); 2].map(|()| keys.seal(Lead::Capture, id, "ann@example.com").unwrap());
        assert_ne!(one.sealed, two.sealed);
        assert_eq!(one.mark, two.mark);
        assert!(!one.sealed.windows(3).any(|part| part == b"ann"));
        assert_eq!(
            one.sealed.len(),
            keys.seal(Lead::Message, id, &format!("{}@x.de", "y".repeat(50))).unwrap().sealed.len()
        );
        assert!(!format!("{keys:?}").contains("0123"));
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let id = Uuid::from_u128(1);
        let before = Keys::of(OLD).unwrap().seal(Lead::Capture, id, "ann@example.com").unwrap();
        let keys = Keys::of(&format!("{NEW}, {OLD}")).unwrap();
        assert_eq!(keys.open("capture", id, &before.key, &before.sealed).as_deref(), Some("ann@example.com"));
        assert_eq!(keys.seal(Lead::Capture, id, "ann@example.com").unwrap().key, "new");
        assert_eq!(keys.marks(" ANN@example.com")[1], before.mark);
        assert_eq!(keys.names().collect::<Vec<_>>(), ["new", "old"]);
    }

    #[test]
    fn keys_have_names_and_are_long() {
        let wrong = |text: &str| Keys::of(text).err();
        for text in
            ["", "a", "A:0123456789abcdef0123456789abcdef", ":0123456789abcdef0123456789abcdef", &format!("{OLD},")]
        {
            assert_eq!(wrong(text), Some(KeysError::Form), "{text}");
        }
        assert_eq!(wrong("a:short"), Some(KeysError::Short(1)));
        assert_eq!(wrong(&format!("{OLD},{OLD}")), Some(KeysError::Twice(2)));
    }

    #[test]
    fn what_can_be_no_address_is_refused() {
        for typed in ["ann@example.com", " Ann+x@münchen.example ", "\"a b\"@x.de", "ann@[192.0.2.1]"] {
            assert!(plausible(typed).is_ok(), "{typed}");
        }
        for typed in
            ["", "ann", "@x.de", "ann@", "ann@localhost", "ann@x..de", "ann@.de", "a\0nn@x.de", "a\u{202e}@x.de"]
        {
            assert!(plausible(typed).is_err(), "{typed}");
        }
        assert!(plausible(&format!("{}@x.de", "a".repeat(1024))).is_err());
    }
}
