//! Hooks: who is asked instead of what Auth does by itself. In: a body. Out: its signature (Standard Webhooks), and what an answer means. Who sends it is
//! the HTTP side. Source: <https://supabase.com/docs/guides/auth/auth-hooks>, <https://www.standardwebhooks.com>.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::refusal::Refusal;

/// Largest answer of a hook, in bytes.
pub const LARGEST: usize = 200 * 1024;

/// Which hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Carries texts.
    SendSms,
    /// Carries mails.
    SendEmail,
    /// Has the last word on what a token says.
    CustomizeAccessToken,
}

impl Name {
    fn text(self) -> &'static str {
        match self {
            Self::SendSms => "send-sms",
            Self::SendEmail => "send-email",
            Self::CustomizeAccessToken => "customize-access-token",
        }
    }
}

/// The body of a call: what is asked, and about the asking.
#[must_use]
pub fn body(name: Name, asked: Value, address: Option<&str>, now: Timestamp) -> String {
    let mut body = asked;
    body["metadata"] = json!({ "uuid": Uuid::new_v4(), "time": now, "name": name.text() });
    if let Some(address) = address {
        body["metadata"]["ip_address"] = json!(address);
    }
    body.to_string()
}

/// The key in a secret such as `v1,whsec_c2VjcmV0`.
pub(super) fn key(secret: &str) -> Option<Vec<u8>> {
    let text = secret.strip_prefix("v1,")?;
    BASE64_STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok().filter(|key| !key.is_empty())
}

/// The header `webhook-signature` for a body, by every secret.
#[must_use]
pub fn signature(secrets: &[String], id: &str, at: i64, body: &str) -> String {
    let signed = secrets.iter().filter_map(|secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret)?).ok()?;
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    });
    // GoTrue puts a comma between, although the specification has only a space.
    signed.collect::<Vec<_>>().join(", ")
}

/// What becomes of a call that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// This was said; null when nothing was.
    Said(Value),
    /// It may be asked once more.
    Again,
}

/// What an answer means. `again` says that the answer has the header `Retry-After`.
///
/// # Errors
/// The hook refuses, or can't be understood.
pub fn heard(status: u16, again: bool, content_type: Option<&str>, body: &[u8]) -> Result<Heard, Refusal> {
    match status {
        204 => Ok(Heard::Said(Value::Null)),
        200 | 202 => said(content_type, body),
        429 | 503 if again => Ok(Heard::Again),
        429 | 503 => Err(unavailable()),
        400 => Err(Refusal::failed("Invalid payload sent to hook")),
        401 => Err(Refusal::failed("Hook requires authorization token")),
        _ => Err(Refusal::failed(format!("Unexpected status code returned from hook: {status}"))),
    }
}

/// Nobody answers who could be understood.
#[must_use]
pub fn unavailable() -> Refusal {
    Refusal::failed("Service currently unavailable due to hook")
}

/// Nobody answers in time.
#[must_use]
pub fn unreachable(seconds: u64) -> Refusal {
    let message = format!("Failed to reach hook within maximum time of {seconds}.000000 seconds");
    Refusal::new(422, "hook_timeout", message)
}

/// Nobody answers at all.
#[must_use]
pub fn nobody() -> Refusal {
    Refusal::new(422, "hook_timeout_after_retry", "Failed to reach hook after maximum retries")
}

fn said(content_type: Option<&str>, body: &[u8]) -> Result<Heard, Refusal> {
    let invalid = |message: String| Refusal::new(400, "hook_payload_invalid_content_type", message);
    let given = content_type.ok_or_else(|| invalid("Invalid Content-Type: Missing Content-Type header".to_owned()))?;
    let kind = given.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(invalid(format!("Invalid JSON response. Received content-type: {given}")));
    }
    if body.len() > LARGEST {
        let message = format!("Payload size exceeded size limit of {LARGEST} bytes");
        return Err(Refusal::new(422, "hook_payload_over_size_limit", message));
    }
    let said: Value = serde_json::from_slice(body).map_err(|_| Refusal::failed("Error unmarshaling JSON output."))?;
    match said["error"]["message"].as_str().filter(|message| !message.is_empty()) {
        Some(message) => {
            let status = said["error"]["http_code"].as_u64().and_then(|code| u16::try_from(code).ok());
            Err(Refusal::new(status.filter(|code| (400..600).contains(code)).unwrap_or(500), "", message))
        }
        None => Ok(Heard::Said(said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_the_specifications() {
        // The example of the specification's own libraries.
        let secrets = ["v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()];
        let signed = signature(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(key("whsec_c2VjcmV0"), None);
        assert_eq!(key("v1,whsec_"), None);
    }

    #[test]
    fn answers_mean_what_they_mean_to_gotrue() {
        let json = Some("application/json; charset=utf-8");
        let heard = |status, kind, body: &str| super::heard(status, false, kind, body.as_bytes());
        assert_eq!(heard(204, None, ""), Ok(Heard::Said(Value::Null)));
        assert_eq!(heard(200, json, r#"{"claims": {}}"#), Ok(Heard::Said(json!({"claims": {}}))));
        let refused = heard(200, json, r#"{"error": {"http_code": 403, "message": "not you"}}"#).unwrap_err();
        assert_eq!((refused.status, refused.message(), refused.code()), (403, "not you", None));
        for (status, kind, body, expected) in [
            (200, None, "{}", 400),
            (200, Some("text/html"), "{}", 400),
            (200, json, "{", 500),
            (200, json, r#"{"error": {"message": "no"}}"#, 500),
            (503, json, "{}", 500),
            (401, json, "{}", 500),
            (302, json, "{}", 500),
        ] {
            assert_eq!(heard(status, kind, body).unwrap_err().status, expected, "{status} {kind:?} {body}");
        }
        assert_eq!(super::heard(429, true, None, b""), Ok(Heard::Again));
        assert_eq!(super::heard(200, false, json, &vec![b' '; LARGEST + 1]).unwrap_err().status, 422);
    }
}
