//! Proof that a webhook comes from Stripe. In come the header, the body as it was received, secrets and the time; out goes a verdict. Pure.
//!
//! Stripe signs `<timestamp>.<body>` with HMAC-SHA256 and sends `t=<timestamp>,v1=<hex>`; while a secret is being rolled there are several
//! `v1`, one by each. Other schemes (`v0` signs test events) prove nothing and are not looked at.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far the time of a signature may be from ours, either way: longer, and a recorded request could be sent again.
pub const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);
/// A header with more signatures than any roll of secrets makes is not Stripe's, and each costs a comparison.
const MOST: usize = 16;

/// Why a request is not taken for Stripe's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No time, two times, no signature, or more than could be.
    #[error("the Stripe-Signature header has not the form t=<seconds>,v1=<hex>")]
    Malformed,
    /// Too old, or from the future.
    #[error("the signature's time is more than 300 seconds from now")]
    Stale,
    /// No signature is by one of our secrets.
    #[error("no v1 signature is by a secret of this endpoint")]
    Forged,
}

/// Whether `body` was signed by whoever has one of `secrets`, about now.
///
/// # Errors
/// See [`Refused`]; that the signature is right is found out before its time is judged, so only Stripe hears of a wrong clock.
pub fn verify(header: &str, body: &[u8], secrets: &[SecretString], now: Timestamp) -> Result<(), Refused> {
    let (time, signatures) = parse(header).ok_or(Refused::Malformed)?;
    let mut genuine = false;
    for secret in secrets {
        for signature in &signatures {
            // Every pair is compared, in constant time each: how long it takes tells nothing about which one is right.
            genuine |= is_by(secret, time, body, signature);
        }
    }
    if !genuine {
        return Err(Refused::Forged);
    }
    let at = Timestamp::from_second(time).map_err(|_| Refused::Malformed)?;
    if now.duration_since(at).abs() > TOLERANCE { Err(Refused::Stale) } else { Ok(()) }
}

fn parse(header: &str) -> Option<(i64, Vec<Vec<u8>>)> {
    let (mut time, mut signatures) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=')? {
            ("t", value) if time.is_none() => time = Some(value.parse().ok()?),
            ("t", _) => return None,
            ("v1", value) => signatures.push(hex::decode(value).ok()?),
            _ => {}
        }
    }
    (!signatures.is_empty() && signatures.len() <= MOST).then_some((time?, signatures))
}

fn is_by(secret: &SecretString, time: i64, body: &[u8], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return false };
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1","type":"customer.subscription.updated"}"#;

    fn sign(secret: &str, time: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    }

    fn verdict(header: &str, now: i64) -> Result<(), Refused> {
        let secrets = ["whsec_new", "whsec_old"].map(SecretString::from);
        verify(header, BODY, &secrets, Timestamp::from_second(now).unwrap())
    }

    #[test]
    fn any_of_several_signatures_by_any_of_our_secrets_is_enough() {
        let now = 1_790_000_000;
        let (new, old, other) =
            (sign("whsec_new", now, BODY), sign("whsec_old", now, BODY), sign("whsec_other", now, BODY));
        for header in [
            format!("t={now},v1={new}"),
            format!("t={now},v1={old}"),
            format!("t={now},v1={other},v1={old}"),
            format!("t={now},v1={old},v1={other}"),
            format!("t={now}, v1={new}, v0={other}"),
        ] {
            assert_eq!(verdict(&header, now), Ok(()), "{header}");
        }
        assert_eq!(verdict(&format!("t={now},v1={other}"), now), Err(Refused::Forged));
        assert_eq!(verdict(&format!("t={now},v0={new}"), now), Err(Refused::Malformed));
    }

    #[test]
    fn time_body_and_form_are_part_of_the_proof() {
        let now = 1_790_000_000;
        let good = sign("whsec_new", now, BODY);
        assert_eq!(verdict(&format!("t={now},v1={good}"), now + 300), Ok(()));
        assert_eq!(verdict(&format!("t={now},v1={good}"), now + 301), Err(Refused::Stale));
        assert_eq!(verdict(&format!("t={now},v1={good}"), now - 301), Err(Refused::Stale));
        assert_eq!(verdict(&format!("t={},v1={good}", now + 1), now), Err(Refused::Forged));
        assert_eq!(verdict(&format!("t={now},v1={}", sign("whsec_new", now, b"{}")), now), Err(Refused::Forged));
        assert_eq!(verdict(&format!("t={now},v1={}", &good[..62]), now), Err(Refused::Forged));
        let many = format!("t={now}{}", format!(",v1={good}").repeat(17));
        for header in ["", "t=", "v1=00", "t=1", "t=x,v1=00", "t=1,t=1,v1=00", "t=1,v1=zz", "t=1;v1=00", &many] {
            assert_eq!(verdict(header, now), Err(Refused::Malformed), "{header}");
        }
    }
}
