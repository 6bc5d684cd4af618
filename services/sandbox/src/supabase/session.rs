//! A sign-in and all that follows from it. In: how it was proved. Out: how sure it is, and refresh tokens in GoTrue's own spelling, each of which
//! gives the next one.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::refusal::Refusal;
use super::secret::random;

/// Length of a refresh token's beginning, its version and session, in bytes.
const HEAD: usize = 17;
/// Length of its signature.
const SIGNATURE: usize = 16;
/// Length of its checksum.
const CHECKSUM: usize = 4;
/// The most bytes that a counter takes.
const COUNTER: usize = 10;

/// See the file's header.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub id: Uuid,
    pub user: Uuid,
    pub created_at: Timestamp,
    pub refreshed_at: Option<Timestamp>,
    /// The factor that was shown.
    pub factor: Option<Uuid>,
    /// How it was proved, and when last.
    methods: Vec<(&'static str, Timestamp)>,
    key: [u8; 32],
    /// Of the refresh token that is good now.
    pub counter: u64,
}

/// A refresh token that was read: of which session, the how-manieth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refresh {
    pub session: Uuid,
    pub counter: u64,
    signed: Vec<u8>,
    signature: [u8; SIGNATURE],
}

impl Session {
    /// One that begins now, proved in this way.
    pub(super) fn new(user: Uuid, method: &'static str, now: Timestamp) -> Result<Self, Refusal> {
        let (id, key) = (Uuid::new_v4(), random::<32>()?);
        let methods = vec![(method, now)];
        Ok(Self { id, user, created_at: now, refreshed_at: None, factor: None, methods, key, counter: 0 })
    }

    /// It was proved in this way too.
    pub(super) fn prove(&mut self, method: &'static str, now: Timestamp) {
        self.methods.retain(|(known, _)| *known != method);
        self.methods.push((method, now));
    }

    /// The factor is there no more, and what it proved neither.
    pub(super) fn drop_factor(&mut self) {
        self.factor = None;
        self.methods.retain(|(known, _)| *known != "totp");
    }

    /// Whether a second factor was shown.
    pub(super) fn is_second(&self) -> bool {
        self.methods.iter().any(|(method, _)| *method == "totp")
    }

    /// How sure it is, in the words of tokens.
    pub(super) fn assurance(&self) -> &'static str {
        if self.is_second() { "aal2" } else { "aal1" }
    }

    /// How it was proved, the latest first.
    pub(super) fn methods(&self) -> Value {
        let mut methods = self.methods.clone();
        methods.sort_by_key(|(_, at)| Reverse(*at));
        methods.iter().map(|(method, at)| json!({ "method": method, "timestamp": at.as_second() })).collect()
    }

    /// The refresh token that is good now.
    pub(super) fn refresh_token(&self) -> String {
        let mut bytes = vec![0];
        bytes.extend_from_slice(self.id.as_bytes());
        push_counter(&mut bytes, self.counter);
        let signature = self.sign(&bytes);
        bytes.extend_from_slice(&signature);
        let checksum = Sha256::digest(&bytes);
        bytes.extend(checksum.iter().take(CHECKSUM));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether a refresh token was made for this session.
    pub(super) fn made(&self, refresh: &Refresh) -> bool {
        self.id == refresh.session && self.sign(&refresh.signed) == refresh.signature
    }

    fn sign(&self, bytes: &[u8]) -> [u8; SIGNATURE] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.key), bytes);
        let mut signature = [0; SIGNATURE];
        signature.iter_mut().zip(tag.as_ref()).for_each(|(into, from)| *into = *from);
        signature
    }
}

impl Refresh {
    /// Reads a refresh token. Who made it is another question.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
        if !Sha256::digest(body).starts_with(checksum) {
            return None;
        }
        let (signed, signature) = body.split_at_checked(body.len().checked_sub(SIGNATURE)?)?;
        let (head, counter) = signed.split_at_checked(HEAD)?;
        let (version, session) = head.split_first()?;
        let (session, counter) = (Uuid::from_slice(session).ok()?, read_counter(counter)?);
        (*version == 0).then_some(())?;
        Some(Self { session, counter, signed: signed.to_vec(), signature: signature.try_into().ok()? })
    }
}

/// Seven bits a byte, the lowest first, the highest bit of a byte says that more follow.
fn push_counter(bytes: &mut Vec<u8>, mut counter: u64) {
    loop {
        let low = counter.to_le_bytes()[0] & 0x7f;
        counter >>= 7;
        if counter == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn read_counter(bytes: &[u8]) -> Option<u64> {
    let (last, more) = bytes.split_last()?;
    let is_whole = last & 0x80 == 0 && more.iter().all(|byte| byte & 0x80 != 0) && bytes.len() <= COUNTER;
    let number =
        bytes.iter().rev().try_fold(0_u64, |number, byte| number.checked_mul(128)?.checked_add(u64::from(byte & 0x7f)));
    number.filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_is_read_as_it_was_written() {
        let mut session = Session::new(Uuid::from_u128(7), "password", Timestamp::UNIX_EPOCH).unwrap();
        for counter in [0, 1, 127, 128, 16_384, u64::MAX] {
            session.counter = counter;
            let token = session.refresh_token();
            let read = Refresh::read(&token).unwrap();
            assert_eq!((read.session, read.counter), (session.id, counter));
            assert!(session.made(&read));
            let mut other = session.clone();
            other.key = [0; 32];
            assert!(!other.made(&read), "another key");
            for bad in
                [format!("{token}A"), token.replacen('A', "B", 1), token.chars().skip(4).collect(), String::new()]
            {
                assert!(Refresh::read(&bad).is_none_or(|read| bad == token || !session.made(&read)), "{bad}");
            }
        }
    }

    #[test]
    fn a_second_factor_makes_it_surer_until_it_is_gone() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let mut session = Session::new(Uuid::nil(), "password", at(1)).unwrap();
        assert_eq!((session.assurance(), session.methods()), ("aal1", json!([{"method": "password", "timestamp": 1}])));
        session.prove("totp", at(2));
        session.prove("totp", at(3));
        assert_eq!(session.assurance(), "aal2");
        assert_eq!(session.methods()[0], json!({"method": "totp", "timestamp": 3}));
        session.drop_factor();
        assert_eq!(session.assurance(), "aal1");
    }
}
