//! What an access token says. In: a token that has come from its issuer over a connection of ours. Out: what of it is looked at here. Pure. Whether it is believed
//! is the gateway's to say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use uuid::Uuid;

/// How sure a session is after a second factor was shown.
const SECOND: &str = "aal2";

/// See the file's header.
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    /// Whom it speaks for.
    pub sub: Uuid,
    /// The session at Supabase that it is of.
    pub session_id: Option<Uuid>,
    aal: Option<String>,
    aud: Option<Audience>,
}

/// RFC 7519, 4.1.3.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Reads a token. `None` where it is none.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        serde_json::from_slice(&claims).ok()
    }

    /// Whether a second factor was shown.
    #[must_use]
    pub fn is_second(&self) -> bool {
        self.aal.as_deref() == Some(SECOND)
    }

    /// Whether it is for this audience.
    #[must_use]
    pub fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            Some(Audience::One(one)) => one == audience,
            Some(Audience::Several(all)) => all.iter().any(|one| one == audience),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(more: Value) -> Option<Claims> {
        let mut claims = json!({ "sub": Uuid::from_u128(1) });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Claims::read(&format!("a.{}.a", URL_SAFE_NO_PAD.encode(claims.to_string())))
    }

    #[test]
    fn only_what_is_said_counts() {
        let nothing = of(json!({})).unwrap();
        assert!(!nothing.is_second() && !nothing.is_for("staff") && nothing.session_id.is_none());
        assert!(
            of(json!({ "aal": "aal2" })).unwrap().is_second() && !of(json!({ "aal": "aal1" })).unwrap().is_second()
        );
        for (aud, is) in [(json!("staff"), true), (json!(["a", "staff"]), true), (json!("staffs"), false)] {
            assert_eq!(of(json!({ "aud": aud })).unwrap().is_for("staff"), is, "{aud}");
        }
        assert!(of(json!({ "sub": "ann" })).is_none() && Claims::read("a").is_none());
    }
}
