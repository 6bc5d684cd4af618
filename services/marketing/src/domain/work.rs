//! Proof of work: a visitor's browser looks for a number, which costs it a moment and a sender of thousands of forms a lot. In come a key, chance, the time
//! and solutions; out go challenges and verdicts. Nobody else is asked, and nothing is known of the visitor. Pure but for chance.
//!
//! Challenges and solutions have the form that ALTCHA's widget reads and writes (<https://altcha.org/docs>, its first version): the number
//! is the one for which SHA-256 of salt and number, in decimal, is the challenge; the signature is ours, over the challenge.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

use super::captcha::Refused;

/// How long a challenge is good for, in seconds: as long as somebody takes for a form.
pub const LIFETIME_S: i64 = 1200;
/// How far the number may be looked for, unless told otherwise: a fraction of a second on a telephone.
pub const USUAL_WORK: u32 = 100_000;
/// Bytes that tell one challenge from another.
const CHANCE: usize = 12;
/// Least bytes of a key.
const LEAST_KEY: usize = 32;
/// Longest solution, as sent.
const LONGEST: usize = 1024;
/// The one algorithm.
const ALGORITHM: &str = "SHA-256";

/// The key that challenges are signed with, the same for all pods.
#[derive(Debug, Clone)]
pub struct WorkKey(Arc<SecretBox<[u8; 64]>>);

/// What a browser gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "CaptchaChallenge")]
pub struct Challenge {
    /// Of the digest.
    pub algorithm: &'static str,
    /// The digest that is to be found again, in hex.
    pub challenge: String,
    /// The number is not larger.
    pub maxnumber: u32,
    /// What stands before the number, the end of the challenge included.
    pub salt: String,
    /// That we made it.
    pub signature: String,
}

/// What a browser sends back: Base64 of this as JSON.
#[derive(Deserialize)]
struct Solution {
    algorithm: String,
    challenge: String,
    number: u32,
    salt: String,
    signature: String,
}

/// A solution that is right. It may be taken once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solved {
    /// Tells it from every other.
    pub challenge: Vec<u8>,
    /// When it ends, in seconds since 1970: nobody has to remember it any longer.
    pub expires_at: i64,
}

impl WorkKey {
    /// A key of at least 32 bytes. `None` when it is shorter.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (text.len() >= LEAST_KEY).then(|| Self(Arc::new(SecretBox::new(Box::new(Sha512::digest(text).into())))))
    }

    /// A new challenge; `now` in seconds since 1970, the number is drawn from 0 to `most`.
    #[must_use]
    pub fn challenge(&self, now: i64, most: u32) -> Challenge {
        let mut chance = [0_u8; CHANCE];
        rand::fill(&mut chance);
        self.posed(chance, now + LIFETIME_S, rand::random_range(0..=most), most)
    }

    fn posed(&self, chance: [u8; CHANCE], expires_at: i64, number: u32, most: u32) -> Challenge {
        // The last character parts the end from the number: without it, a number's first digits could be read as the end's last.
        let salt = format!("{}?expires={expires_at}&", hex::encode(chance));
        let challenge = digest(&salt, number);
        let signature = hex::encode(self.mac(&challenge).finalize().into_bytes());
        Challenge { algorithm: ALGORITHM, challenge, maxnumber: most, salt, signature }
    }

    /// Whether a solution is right and still good.
    ///
    /// # Errors
    /// It isn't, and why.
    pub fn judge(&self, token: &str, now: i64) -> Result<Solved, Refused> {
        let solution = parse(token).ok_or(Refused::Malformed)?;
        let (chance, expires_at) = salt(&solution.salt).ok_or(Refused::Malformed)?;
        let signature = hex::decode(&solution.signature).map_err(|_| Refused::Malformed)?;
        let is_ours = self.mac(&solution.challenge).verify_slice(&signature).is_ok();
        if !is_ours || solution.algorithm != ALGORITHM || digest(&solution.salt, solution.number) != solution.challenge
        {
            return Err(Refused::Failed);
        }
        if now >= expires_at {
            return Err(Refused::Over);
        }
        Ok(Solved { challenge: chance, expires_at })
    }

    fn mac(&self, challenge: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(self.0.expose_secret().into());
        mac.update(challenge.as_bytes());
        mac
    }
}

fn digest(salt: &str, number: u32) -> String {
    let mut text = salt.to_owned();
    // Writing to a string can't fail.
    let _ = write!(text, "{number}");
    hex::encode(Sha256::digest(text))
}

fn parse(token: &str) -> Option<Solution> {
    if token.len() > LONGEST {
        return None;
    }
    serde_json::from_slice(&BASE64_STANDARD.decode(token.trim()).ok()?).ok()
}

/// The two things in a salt of ours, which has exactly one form.
fn salt(text: &str) -> Option<(Vec<u8>, i64)> {
    let (chance, end) = text.split_once("?expires=")?;
    let end = end.strip_suffix('&')?;
    let chance = hex::decode(chance).ok().filter(|chance| chance.len() == CHANCE)?;
    let is_number = end.len() <= 12 && end.bytes().all(|byte| byte.is_ascii_digit());
    Some((chance, end.parse().ok().filter(|_| is_number)?))
}

/// The number of a challenge, looked for as a browser does: for tests and for programs that fill in forms. `None` when there is none.
#[must_use]
pub fn solve(challenge: &Challenge) -> Option<String> {
    let number = (0..=challenge.maxnumber).find(|number| digest(&challenge.salt, *number) == challenge.challenge)?;
    let Challenge { algorithm, challenge, salt, signature, .. } = challenge;
    let solution = serde_json::json!({
        "algorithm": algorithm, "challenge": challenge, "number": number, "salt": salt, "signature": signature,
    });
    Some(BASE64_STANDARD.encode(solution.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn key() -> WorkKey {
        WorkKey::new("0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn a_solved_challenge_counts_until_its_end() {
        let challenge = key().challenge(NOW, 500);
        let token = solve(&challenge).unwrap();
        let solved = key().judge(&token, NOW + LIFETIME_S - 1).unwrap();
        assert_eq!((solved.challenge.len(), solved.expires_at), (CHANCE, NOW + LIFETIME_S));
        assert_eq!(key().judge(&token, NOW + LIFETIME_S), Err(Refused::Over));
        let another = WorkKey::new("another key, of thirty-two bytes or more").unwrap();
        assert_eq!(another.judge(&token, NOW), Err(Refused::Failed));
        assert!(WorkKey::new("short").is_none());
    }

    /// The form is the widget's: digest and signature as its own libraries make them.
    #[test]
    fn the_form_is_the_widget_s() {
        let posed = key().posed([7; CHANCE], NOW, 42, 100);
        assert_eq!(posed.salt, format!("070707070707070707070707?expires={NOW}&"));
        assert_eq!(posed.challenge, hex::encode(Sha256::digest(format!("{}42", posed.salt))));
        let names = serde_json::to_value(&posed).unwrap();
        for name in ["algorithm", "challenge", "maxnumber", "salt", "signature"] {
            assert!(names.get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_was_changed_counts_no_more() {
        let changed = |change: &dyn Fn(&mut serde_json::Value)| {
            let challenge = key().posed([7; CHANCE], NOW + 10, 42, 100);
            let mut solution: serde_json::Value =
                serde_json::from_slice(&BASE64_STANDARD.decode(solve(&challenge).unwrap()).unwrap()).unwrap();
            change(&mut solution);
            key().judge(&BASE64_STANDARD.encode(solution.to_string()), NOW)
        };
        assert!(changed(&|_| {}).is_ok());
        assert_eq!(changed(&|it| it["number"] = 41.into()), Err(Refused::Failed));
        assert_eq!(changed(&|it| it["algorithm"] = "SHA-1".into()), Err(Refused::Failed));
        assert_eq!(changed(&|it| it["signature"] = "00".into()), Err(Refused::Failed));
        // A later end, made of the number's own digits: the text before and with them is the same.
        let later = format!("070707070707070707070707?expires={}&4", NOW + 10);
        assert_eq!(
            changed(&|it| {
                it["salt"] = later.clone().into();
                it["number"] = 2.into();
            }),
            Err(Refused::Malformed)
        );
        let long = "x".repeat(LONGEST + 1);
        for token in ["", "secret-of-two-minutes", "e30=", &long] {
            assert_eq!(key().judge(token, NOW), Err(Refused::Malformed), "{token}");
        }
    }
}
