//! Proof that who asked for a link is who follows it (RFC 7636). In: a challenge. Out: a code for the link, and whether a verifier fits.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::params::Params;
use super::refusal::Refusal;

/// What the hash of a code begins with that was asked for with a challenge.
pub(super) const PREFIX: &str = "pkce_";
/// How long a code for a session is good, in seconds.
pub(super) const LIFE: u32 = 300;

/// A challenge as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    text: String,
    is_hashed: bool,
}

/// Somebody is on the way to a session.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    /// With which a session is asked for.
    pub code: String,
    pub user: Uuid,
    /// What was asked for: a link of another kind doesn't give this code.
    pub method: &'static str,
    pub challenge: Challenge,
    pub began: Timestamp,
}

impl Challenge {
    /// The challenge in a body, if there is one.
    pub(super) fn of(params: &Params) -> Result<Option<Self>, Refusal> {
        let (text, method) = (params.text("code_challenge")?, params.text("code_challenge_method")?);
        if text.is_empty() && method.is_empty() {
            return Ok(None);
        }
        if text.is_empty() || method.is_empty() {
            return Err(Refusal::invalid("PKCE flow requires code_challenge_method and code_challenge"));
        }
        if !(43..=128).contains(&text.len()) {
            return Err(Refusal::invalid("code challenge has to be between 43 and 128 characters"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
            let allowed = "alphanumeric characters, hyphens, periods, underscores and tildes";
            return Err(Refusal::invalid(format!("code challenge can only contain {allowed}")));
        }
        let is_hashed = match method.to_ascii_lowercase().as_str() {
            "s256" => true,
            "plain" => false,
            _ => return Err(Refusal::invalid(format!("unsupported code_challenge method {method:?}"))),
        };
        Ok(Some(Self { text: text.to_owned(), is_hashed }))
    }

    /// Whether this is what the challenge was made of.
    pub(super) fn fits(&self, verifier: &str) -> bool {
        if self.is_hashed {
            URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == self.text
        } else {
            verifier == self.text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, method: &str) -> Result<Option<Challenge>, Refusal> {
        let body = serde_json::json!({"code_challenge": text, "code_challenge_method": method}).to_string();
        Challenge::of(&Params::read(body.as_bytes()).unwrap())
    }

    #[test]
    fn the_example_of_the_rfc_fits() {
        let (verifier, text) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(of(text, "S256").unwrap().unwrap().fits(verifier));
        assert!(!of(text, "s256").unwrap().unwrap().fits(text));
        assert!(of(verifier, "plain").unwrap().unwrap().fits(verifier));
    }

    #[test]
    fn half_a_challenge_is_none() {
        assert_eq!(of("", ""), Ok(None));
        let long = "x".repeat(43);
        for (text, method) in [
            (long.as_str(), ""),
            ("", "s256"),
            ("short", "s256"),
            (&"x".repeat(129), "s256"),
            (&"+".repeat(43), "s256"),
            (&long, "md5"),
        ] {
            assert!(of(text, method).is_err(), "{text} {method}");
        }
    }
}
