//! Certificates: when one is earned, what it is worth at a time, its number and its token. Pure, but for the chance that numbers and tokens
//! are drawn from.

use jiff::Timestamp;
use rand::RngExt as _;
use schemars::JsonSchema;
use serde::Serialize;

use rerp_kit::problem::Mistakes;

/// What a person has of a course already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// There has never been a certificate.
    Nothing,
    /// The newest one is valid.
    Valid,
    /// The newest one has expired or was revoked.
    Ended,
}

/// What has just been passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Whether it was the final assessment.
    pub is_final: bool,
    /// Whether every module of the course is completed now.
    pub all_modules: bool,
    /// Whether the final assessment is passed, now or before.
    pub final_assessment: bool,
}

/// Whether a certificate is issued for what has just been passed. The first one may be earned in any order; after it has expired or was
/// revoked only the final assessment, passed anew, earns the next one: repeating an easy module must not.
#[must_use]
pub fn is_earned(passed: Passed, held: Held) -> bool {
    let complete = passed.all_modules && passed.final_assessment;
    match held {
        Held::Nothing => complete,
        Held::Valid => false,
        Held::Ended => complete && passed.is_final,
    }
}

/// What a certificate is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CertificateState")]
pub enum State {
    /// It counts.
    Valid,
    /// It was taken back; also if it would have expired by now.
    Revoked,
    /// Its time is over.
    Expired,
}

impl State {
    /// The state at `now`.
    #[must_use]
    pub fn at(now: Timestamp, expires_at: Option<Timestamp>, revoked_at: Option<Timestamp>) -> Self {
        match (revoked_at, expires_at) {
            (Some(_), _) => Self::Revoked,
            (None, Some(end)) if now >= end => Self::Expired,
            (None, _) => Self::Valid,
        }
    }
}

/// Why a certificate is taken back, one line for people.
///
/// # Errors
/// What is wrong with it.
pub fn reason(typed: &str) -> Result<String, Mistakes> {
    let mut mistakes = Mistakes::default();
    let reason = mistakes.line("/reason", typed, 500);
    mistakes.finish(reason)
}

/// A new token: 256 bits of a cryptographic generator, as 64 hexadecimal digits. Nobody finds one by trying.
#[must_use]
pub fn draw_token() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// Whether a text could be a token.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A new number, for people: 15 digits by chance and a check digit, as `FTE-1234-5678-9012-3452`.
#[must_use]
pub fn draw_number() -> String {
    let mut chance = rand::rng();
    let mut digits: Vec<u8> = (0..15).map(|_| chance.random_range(0..10_u8)).collect();
    digits.push(check_digit(&digits));
    let groups: Vec<String> =
        digits.chunks(4).map(|group| group.iter().map(|digit| char::from(b'0' + digit)).collect()).collect();
    format!("FTE-{}", groups.join("-"))
}

/// The check digit of Luhn (ISO/IEC 7812-1, annex B): finds every single wrong digit and nearly every pair that was swapped.
fn check_digit(digits: &[u8]) -> u8 {
    let sum: u32 = digits.iter().rev().enumerate().map(|(at, digit)| luhn(at % 2 == 0, *digit)).sum();
    u8::try_from((10 - sum % 10) % 10).unwrap_or_default()
}

fn luhn(doubled: bool, digit: u8) -> u32 {
    let digit = u32::from(digit) * if doubled { 2 } else { 1 };
    if digit > 9 { digit - 9 } else { digit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_earned_once_and_renewed_by_the_final_assessment() {
        let passed = |is_final, all_modules, final_assessment| Passed { is_final, all_modules, final_assessment };
        for (of, held, earned) in [
            (passed(true, true, true), Held::Nothing, true),
            (passed(false, true, true), Held::Nothing, true),
            (passed(false, true, false), Held::Nothing, false),
            (passed(true, false, true), Held::Nothing, false),
            (passed(true, true, true), Held::Valid, false),
            (passed(true, true, true), Held::Ended, true),
            (passed(false, true, true), Held::Ended, false),
            (passed(true, false, true), Held::Ended, false),
        ] {
            assert_eq!(is_earned(of, held), earned, "{of:?} {held:?}");
        }
    }

    #[test]
    fn revoked_is_more_than_expired() {
        let [before, end, after] = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]
            .map(|text| text.parse::<Timestamp>().unwrap());
        for (now, expires, revoked, state) in [
            (before, None, None, State::Valid),
            (before, Some(end), None, State::Valid),
            (end, Some(end), None, State::Expired),
            (after, Some(end), None, State::Expired),
            (after, Some(end), Some(before), State::Revoked),
            (after, None, Some(end), State::Revoked),
        ] {
            assert_eq!(State::at(now, expires, revoked), state, "{now} {expires:?} {revoked:?}");
        }
    }

    #[test]
    fn tokens_and_numbers_have_their_forms() {
        let (one, other) = (draw_token(), draw_token());
        assert!(is_token(&one) && is_token(&other) && one != other);
        for text in ["", "abc", &one[1..], &one.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A")] {
            assert!(!is_token(text), "{text}");
        }
        // The usual example of the algorithm.
        assert_eq!(check_digit(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1]), 3);
        let number = draw_number();
        assert!(number.starts_with("FTE-") && number.len() == 23, "{number}");
        let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect();
        assert_eq!(check_digit(&digits[..15]), digits[15]);
    }
}
