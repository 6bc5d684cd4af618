//! SCRAM-SHA-256 verifiers as PostgreSQL stores them (RFC 5803 form), made and checked on our side.
//! Pure: the salt comes in. In: a password. Out: the verifier, or whether one fits.
//! Our passwords are ASCII, for which SASLprep (RFC 4013) changes nothing.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Rounds of PBKDF2; PostgreSQL's own default.
const ROUNDS: u32 = 4096;
/// A verifier that asks for more rounds than this is taken as "doesn't fit", not computed.
const ROUNDS_MAX: u32 = 1_000_000;
/// Length of a salt in bytes; PostgreSQL's own default.
pub const SALT: usize = 16;

/// `SCRAM-SHA-256$<rounds>:<salt>$<StoredKey>:<ServerKey>` for `password` with `salt`.
pub fn verifier(password: &str, salt: &[u8]) -> String {
    render(password, salt, ROUNDS)
}

/// Whether `stored`, as read from `pg_authid.rolpassword`, is a verifier of `password`.
pub fn fits(stored: &str, password: &str) -> bool {
    parse(stored).is_some_and(|(rounds, salt)| render(password, &salt, rounds) == stored)
}

fn render(password: &str, salt: &[u8], rounds: u32) -> String {
    let salted = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), salt, rounds);
    let stored = Sha256::digest(keyed(&salted, b"Client Key"));
    let server = keyed(&salted, b"Server Key");
    let [salt, stored, server] = [salt, &stored[..], &server[..]].map(|bytes| STANDARD.encode(bytes));
    format!("SCRAM-SHA-256${rounds}:{salt}${stored}:{server}")
}

fn keyed(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    // A key of this type's own length is never refused.
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(text).finalize().into_bytes().into(),
        Err(_) => [0; 32],
    }
}

/// Rounds and salt of a verifier.
fn parse(stored: &str) -> Option<(u32, Vec<u8>)> {
    let (head, _) = stored.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
    let (rounds, salt) = head.split_once(':')?;
    let rounds: u32 = rounds.parse().ok()?;
    (1..=ROUNDS_MAX).contains(&rounds).then_some(())?;
    Some((rounds, STANDARD.decode(salt).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Salt, rounds and password of RFC 7677 section 3; StoredKey and ServerKey were computed from them with
    /// Python's hashlib and hmac.
    #[test]
    fn agrees_with_the_example_of_rfc_7677() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base64");
        assert_eq!(
            verifier("pencil", &salt),
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
    }

    #[test]
    fn fits_only_its_own_password() {
        let stored = verifier("one", &[7; SALT]);
        assert!(fits(&stored, "one") && !fits(&stored, "two"));
        for other in ["", "md5abc", "SCRAM-SHA-256$0:AA==$a:b", "SCRAM-SHA-256$4000000000:AA==$a:b"] {
            assert!(!fits(other, "one"), "{other}");
        }
    }
}
