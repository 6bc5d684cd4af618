//! A program that shows codes (RFC 6238). In: the secret as people type it. Out: codes.

use std::time::{SystemTime, UNIX_EPOCH};

use ring::hmac;

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// How long a code is shown, in seconds.
const PERIOD: u64 = 30;

pub(crate) struct Totp(Vec<u8>);

impl Totp {
    pub(crate) fn of(secret: &str) -> Self {
        let bits: String = secret.chars().map(|letter| format!("{:05b}", LETTERS.find(letter).unwrap())).collect();
        let bytes = bits.as_bytes().chunks_exact(8).map(|byte| std::str::from_utf8(byte).unwrap());
        Self(bytes.map(|byte| u8::from_str_radix(byte, 2).unwrap()).collect())
    }

    /// The one that is shown now, or so many steps later.
    pub(crate) fn code(&self, steps: u64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        self.shown(now / PERIOD + steps)
    }

    /// One that isn't shown now, nor shortly before or after.
    pub(crate) fn wrong(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / PERIOD;
        let right: Vec<String> = (now - 3..=now + 3).map(|step| self.shown(step)).collect();
        (918_273..).map(|code: u32| code.to_string()).find(|code| !right.contains(code)).unwrap()
    }

    fn shown(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let from = usize::from(tag[tag.len() - 1] & 0x0f);
        let number = u32::from_be_bytes(tag[from..from + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}
