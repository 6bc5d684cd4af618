//! What nobody may guess, and how it is kept: random bytes, codes, hashes of passwords.

use std::fmt;
use std::num::NonZeroU32;

use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha224};

use super::refusal::Refusal;

/// Rounds of PBKDF2. Few: nothing here outlives the process, and tests sign in often.
const ROUNDS: NonZeroU32 = match NonZeroU32::new(10_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};
/// Longest password, in bytes, as bcrypt has it.
const LONGEST: usize = 72;

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Refusal::failed("no random bytes can be had"))?;
    Ok(bytes)
}

/// A code of six digits.
pub(super) fn code() -> Result<String, Refusal> {
    Ok(format!("{:06}", u64::from_le_bytes(random::<8>()?) % 1_000_000))
}

/// What is kept of a code that was sent to a contact.
pub(super) fn token_hash(contact: &str, code: &str) -> String {
    hex::encode(Sha224::new().chain_update(contact).chain_update(code).finalize())
}

/// What is kept of a password.
#[derive(Clone)]
pub(super) struct Password {
    salt: [u8; 16],
    key: [u8; 32],
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password")
    }
}

impl Password {
    /// A password that is kept from now on.
    pub(super) fn of(text: &str) -> Result<Self, Refusal> {
        let (salt, mut key) = (random::<16>()?, [0_u8; 32]);
        pbkdf2::derive(PBKDF2_HMAC_SHA256, ROUNDS, &salt, text.as_bytes(), &mut key);
        Ok(Self { salt, key })
    }

    /// Whether it is this one.
    pub(super) fn is(&self, text: &str) -> bool {
        pbkdf2::verify(PBKDF2_HMAC_SHA256, ROUNDS, &self.salt, text.as_bytes(), &self.key).is_ok()
    }
}

/// Whether a password may be one.
pub(super) fn strong(text: &str, shortest: usize) -> Result<(), Refusal> {
    if text.len() > LONGEST {
        return Err(Refusal::invalid(format!("Password cannot be longer than {LONGEST} characters")));
    }
    if text.len() < shortest {
        let message = format!("Password should be at least {shortest} characters.");
        return Err(Refusal::weak(message, vec!["length"]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_itself_and_no_other() {
        let kept = Password::of("correct horse").unwrap();
        assert!(kept.is("correct horse") && !kept.is("correct horsf") && !kept.is(""));
        assert_eq!(format!("{kept:?}"), "Password");
        assert!(strong("short", 6).is_err() && strong("longer", 6).is_ok() && strong(&"x".repeat(73), 6).is_err());
    }

    #[test]
    fn codes_are_six_digits_and_their_hashes_gotrues() {
        let code = code().unwrap();
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        // `printf 'a@b.example123456' | sha224sum`
        let wanted = "dd26641906a75decb81cb2f9abd334d019733dc52b6fd7aee655a577";
        assert_eq!(token_hash("a@b.example", "123456"), wanted);
    }
}
