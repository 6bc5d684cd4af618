//! Proof that a call comes from whoever has one of our secrets, as Standard Webhooks have it (<https://www.standardwebhooks.com>). In come headers, the body as it was received, secrets
//! and the time; out goes a verdict. Pure.
//!
//! Signed is `<id>.<timestamp>.<body>`, with HMAC-SHA256; the header holds `v1,<Base64>`, several of them while a secret is being replaced. Between two there is a
//! space, and at GoTrue a comma before it. A crate for it would be one more to trust with secrets; this is a page of code on what the service has anyway, and it knows of that comma.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::Sha256;

/// How far the time of a signature may be from ours, either way, in seconds: longer, and a recorded call could be made again.
pub const TOLERANCE_S: i64 = 300;
/// More signatures than any replacement of secrets makes; each costs a comparison.
const MOST: usize = 16;

/// A secret that calls are signed with. Not shown by `Debug`.
#[derive(Debug, Clone)]
pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// Reads `v1,whsec_` and Base64, as Supabase shows it. `None` when it is anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let key = BASE64_STANDARD.decode(text.strip_prefix("v1,whsec_")?).ok().filter(|key| !key.is_empty())?;
        Some(Self(key.into()))
    }
}

/// Why a call is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A header is missing or none.
    #[error("the call needs webhook-id, webhook-timestamp and webhook-signature")]
    Malformed,
    /// Too old, or from the future.
    #[error("the signature's time is more than 300 seconds from now")]
    Stale,
    /// No signature is by one of our secrets.
    #[error("no signature is by a secret of this hook")]
    Forged,
}

/// What a call says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signatures: &'a str,
}

/// Whether `body` was signed by whoever has one of `secrets`, about `now`, in seconds since 1970.
///
/// # Errors
/// See [`Refused`]; that the signature is right is found out before its time is judged, so only who has a secret hears of a wrong clock.
pub fn verify(signed: Signed<'_>, body: &[u8], secrets: &[Secret], now: i64) -> Result<(), Refused> {
    let at: i64 = signed.timestamp.parse().map_err(|_| Refused::Malformed)?;
    let given = signatures(signed.signatures).ok_or(Refused::Malformed)?;
    if signed.id.is_empty() {
        return Err(Refused::Malformed);
    }
    let mut genuine = false;
    for secret in secrets {
        for signature in &given {
            // Every pair is compared, in constant time each: how long it takes tells nothing about which one is right.
            genuine |= is_by(secret, signed, body, signature);
        }
    }
    if !genuine {
        return Err(Refused::Forged);
    }
    if now.abs_diff(at) > TOLERANCE_S.unsigned_abs() { Err(Refused::Stale) } else { Ok(()) }
}

/// Those of the version we know; others prove nothing and are not looked at.
fn signatures(header: &str) -> Option<Vec<Vec<u8>>> {
    let texts = header.split_whitespace().map(|part| part.trim_end_matches(','));
    let texts: Vec<&str> = texts.filter_map(|part| part.strip_prefix("v1,")).collect();
    if texts.is_empty() || texts.len() > MOST {
        return None;
    }
    texts.into_iter().map(|text| BASE64_STANDARD.decode(text).ok()).collect()
}

fn is_by(secret: &Secret, signed: Signed<'_>, body: &[u8], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.0.expose_secret()) else { return false };
    mac.update(format!("{}.{}.", signed.id, signed.timestamp).as_bytes());
    mac.update(body);
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn verdict(signatures: &str, timestamp: &str, body: &[u8], now: i64) -> Result<(), Refused> {
        let secrets = ["v1,whsec_c2VjcmV0", "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::parse(text).unwrap()).collect();
        verify(Signed { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp, signatures }, body, &secrets, now)
    }

    #[test]
    fn the_example_of_the_specification_s_libraries_is_believed() {
        let at = AT.to_string();
        let other = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        for header in [GOOD.to_owned(), format!("{other} {GOOD}"), format!("{GOOD}, {other}"), format!("v1a,x {GOOD}")]
        {
            assert_eq!(verdict(&header, &at, BODY, AT + 300), Ok(()), "{header}");
        }
        assert_eq!(verdict(other, &at, BODY, AT), Err(Refused::Forged));
        assert_eq!(verdict(GOOD, &at, b"{}", AT), Err(Refused::Forged));
        assert_eq!(verdict(GOOD, &(AT + 1).to_string(), BODY, AT), Err(Refused::Forged));
    }

    #[test]
    fn time_and_form_are_part_of_the_proof() {
        let at = AT.to_string();
        assert_eq!(verdict(GOOD, &at, BODY, AT + 301), Err(Refused::Stale));
        assert_eq!(verdict(GOOD, &at, BODY, AT - 301), Err(Refused::Stale));
        let many = format!("{GOOD} ").repeat(17);
        for header in ["", "v2,x", "v1,!", &many] {
            assert_eq!(verdict(header, &at, BODY, AT), Err(Refused::Malformed), "{header}");
        }
        assert_eq!(verdict(GOOD, "soon", BODY, AT), Err(Refused::Malformed));
        for secret in ["", "whsec_c2VjcmV0", "v1,whsec_", "v1,whsec_!"] {
            assert!(Secret::parse(secret).is_none(), "{secret}");
        }
    }
}
