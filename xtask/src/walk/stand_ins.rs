//! The platform's stand-ins, as those use them whose part the walk plays: a backend and a person's program at Supabase, a person's browser at Stripe,
//! somebody who looks into a mailbox. In: wishes. Out: what was answered. Must not ask a service anything.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use super::Error;
use super::door::Door;
use super::http::{Answer, Client};

/// Keys of the forms that the stand-ins take.
const PAGE: &str = "sb_publishable_walk";
const BACKEND: &str = "sb_secret_walk";
const STRIPE: &str = "Bearer sk_test_walk";
/// What Stripe signs events with: what `manifests/platform/billing.yaml` gives billing.
const SIGNING: &str = "whsec_stand_in";
/// Where the stand-in for Stripe finds the gateway.
const WEBHOOK: &str = "http://gateway:8080/api/billing/webhooks/stripe";
/// How long a second factor shows a code, in seconds.
const PERIOD: u64 = 30;
/// Digits of a code that comes by mail or text.
const DIGITS: usize = 6;

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The stand-ins, behind an open door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StandIns<'a> {
    pub(crate) door: &'a Door,
    pub(crate) client: &'a Client,
}

/// Somebody's account at Supabase.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) password: String,
    /// Among whom they are at Supabase: `authenticated`, or `staff`.
    pub(crate) audience: &'static str,
    /// Whether their tokens are staff's.
    pub(crate) is_staff: bool,
}

impl StandIns<'_> {
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Result<Answer, Error> {
        self.client.send(method, &self.door.at(path), headers, body)
    }

    /// Makes an account, as a backend does. False if the identifier or the address has one.
    pub(crate) fn sign_up(&self, account: &Account) -> Result<bool, Error> {
        let Account { id, email, password, audience, is_staff } = account;
        let mut wish =
            json!({ "id": id, "email": email, "password": password, "aud": audience, "email_confirm": true });
        if *is_staff {
            // As Identity's hook would have it, which makes staff of those whom it knows.
            wish["app_metadata"] = json!({ "claims": { "aud": "staff", "rerp_role": "owner" } });
        }
        let headers = [JSON, ("apikey", BACKEND)];
        let answer = self.send("POST", "/supabase/auth/v1/admin/users", &headers, Some(&wish.to_string()))?;
        Ok(answer.status == 200)
    }

    /// Who has the account with this address, if there is one.
    pub(super) fn account(&self, email: &str, audience: &str) -> Result<Option<String>, Error> {
        let headers = [("apikey", BACKEND), ("x-jwt-aud", audience)];
        let answer = self.send("GET", &format!("/supabase/auth/v1/admin/users?filter={email}"), &headers, None)?;
        let users = answer.body["users"].as_array().ok_or_else(|| refused("list accounts", &answer))?;
        let found = users.iter().find(|user| user["email"] == email);
        Ok(found.and_then(|user| user["id"].as_str()).map(str::to_owned))
    }

    /// A token for a password.
    pub(crate) fn sign_in(&self, account: &Account) -> Result<String, Error> {
        let wish = json!({ "email": account.email, "password": account.password });
        let headers = [JSON, ("apikey", PAGE), ("x-jwt-aud", account.audience)];
        let answer =
            self.send("POST", "/supabase/auth/v1/token?grant_type=password", &headers, Some(&wish.to_string()))?;
        text("sign in", &answer, "/access_token")
    }

    /// A token that says more, for a second factor that is made for it.
    pub(crate) fn second_factor(&self, token: &str) -> Result<String, Error> {
        let bearer = format!("Bearer {token}");
        let ask = |what: &'static str, path: &str, wish: Value| {
            let headers = [JSON, ("apikey", PAGE), ("authorization", bearer.as_str())];
            let answer = self.send("POST", path, &headers, Some(&wish.to_string()))?;
            if answer.status == 200 { Ok(answer) } else { Err(refused(what, &answer)) }
        };
        let factors = "/supabase/auth/v1/factors";
        let made = ask("enroll a factor", factors, json!({ "factor_type": "totp", "friendly_name": "walk" }))?;
        let secret = text("enroll a factor", &made, "/totp/secret")?;
        let factor = format!("{factors}/{}", text("enroll a factor", &made, "/id")?);
        let challenge = ask("ask for a factor", &format!("{factor}/challenge"), json!({}))?;
        let challenge = text("ask for a factor", &challenge, "/id")?;
        let code = BASE32_NOPAD.decode(secret.as_bytes()).ok().and_then(|secret| shown(&secret, now()));
        let wish = json!({ "challenge_id": challenge, "code": code });
        text("believe a factor", &ask("believe a factor", &format!("{factor}/verify"), wish)?, "/access_token")
    }

    /// How many messages have come to a contact, and the words of the last one.
    pub(super) fn messages(&self, to: &str) -> Result<(usize, Option<String>), Error> {
        // In a query a plus would be a space.
        let answer = self.send("GET", &format!("/sandbox/messages?to={}", to.replace('+', "%2B")), &[], None)?;
        let messages = answer.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok((messages.len(), messages.last().and_then(|last| last["text"].as_str()).map(str::to_owned)))
    }

    /// The code in the last message to a contact, and one that is wrong.
    pub(super) fn code(&self, to: &str) -> Result<Answer, Error> {
        let code = self.messages(to)?.1.as_deref().and_then(digits);
        let wrong = if code.as_deref() == Some("000000") { "000001" } else { "000000" };
        Ok(Answer { status: 200, body: json!({ "code": code, "wrong": wrong }), again: None })
    }

    /// Finishes the setup of a payment method with a card of Stripe's test mode. A setup's secret begins with its name.
    pub(super) fn card(&self, secret: &str) -> Result<Answer, Error> {
        let setup = secret.split_once("_secret_").map_or(secret, |(setup, _)| setup);
        self.stripe(&format!("setup_intents/{setup}/confirm"), "payment_method=pm_card_visa")
    }

    /// Finishes the session that an address is for: its last word.
    pub(super) fn documents(&self, url: &str) -> Result<Answer, Error> {
        let session = url.rsplit('/').next().unwrap_or_default();
        self.stripe(&format!("test_helpers/identity/verification_sessions/{session}/verify"), "")
    }

    /// Has Stripe tell billing at once what happens from now on, as it does.
    pub(super) fn tell_at_once(&self) -> Result<(), Error> {
        let wish = json!({ "url": WEBHOOK, "secrets": [SIGNING], "prompt": true }).to_string();
        let answer = self.send("PUT", "/sandbox/stripe/webhook", &[JSON], Some(&wish))?;
        if answer.status == 200 { Ok(()) } else { Err(refused("have Stripe tell what happens", &answer)) }
    }

    fn stripe(&self, path: &str, form: &str) -> Result<Answer, Error> {
        self.send("POST", &format!("/stripe/v1/{path}"), &[FORM, ("authorization", STRIPE)], Some(form))
    }

    /// The last event of a kind about an object, as it is sent.
    pub(super) fn event(&self, kind: &str, about: &str) -> Result<Option<String>, Error> {
        let path = format!("/stripe/v1/events?limit=100&type={kind}");
        let answer = self.send("GET", &path, &[("authorization", STRIPE)], None)?;
        let events = answer.body["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(events.iter().find(|event| event["data"]["object"]["id"] == about).map(Value::to_string))
    }
}

/// The header with which Stripe proves that what it sends is its own.
pub(crate) fn signature(body: &str) -> String {
    signed(body, now())
}

fn signed(body: &str, at: u64) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SIGNING.as_bytes()).ok().map(|mut mac| {
        mac.update(format!("{at}.{body}").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    });
    format!("t={at},v1={}", mac.unwrap_or_default())
}

/// What a second factor shows at a time (RFC 6238).
fn shown(secret: &[u8], at: u64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&(at / PERIOD).to_be_bytes());
    let tag = mac.finalize().into_bytes();
    let offset = usize::from(tag.last()? & 0x0f);
    let number = tag.iter().skip(offset).take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    Some(format!("{:06}", (number & 0x7fff_ffff) % 1_000_000))
}

/// The first six digits in a row.
fn digits(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == DIGITS).map(str::to_owned)
}

fn text(what: &'static str, answer: &Answer, place: &str) -> Result<String, Error> {
    answer.body.pointer(place).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| refused(what, answer))
}

/// Without what was answered to a success: it holds tokens.
fn refused(what: &'static str, answer: &Answer) -> Error {
    let said = if answer.status == 200 { String::new() } else { answer.body.to_string() };
    Error::Account { what, said: format!("{} {said}", answer.status) }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_rfcs() {
        // RFC 6238, appendix B, the last six digits of eight.
        let secret = b"12345678901234567890";
        for (at, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(shown(secret, at).as_deref(), Some(code));
        }
        assert_eq!(digits("Your code is 042137. It is good for ten minutes."), Some("042137".to_owned()));
        assert_eq!(digits("12345 1234567"), None);
    }

    #[test]
    fn events_are_signed_as_stripe_signs_them() {
        // `printf '1790000000.{}' | openssl dgst -sha256 -hmac whsec_stand_in`
        assert_eq!(
            signed("{}", 1_790_000_000),
            "t=1790000000,v1=016fc2692a44b6f14f01c819ca461bbd497b4458f45f15a34dec0e3db5b47652"
        );
    }

    #[test]
    fn the_platform_is_told_the_same_secret() {
        let manifest = include_str!("../../../manifests/platform/billing.yaml");
        assert!(manifest.contains(&format!("RERP_STRIPE_WEBHOOK_SECRETS: {SIGNING}\n")));
    }
}
