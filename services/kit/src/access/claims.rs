//! What an internal token says, and what it has to say to be believed. In: the claims of a token whose signature is right. Out: whom it speaks
//! for, and until when. Pure. None of the checks can be turned off.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::caller::{Assurance, Principal, PrincipalKind};

/// What a token is, in its head: no token of another kind is taken for one, whoever signed it.
pub(super) const TYPE: &str = "rerp-internal+jwt";
/// Longest life of a token in seconds.
pub(super) const LONGEST: u64 = 60;
/// How far the clocks of two pods may be apart, in seconds. An ended token gets none of it.
const SKEW: u64 = 5;

/// The claims, in their order. Nothing else may be among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims {
    /// Who asks.
    sub: Uuid,
    /// Whom they are among.
    kind: PrincipalKind,
    /// How well that is proved.
    aal: Assurance,
    /// The one service that is told.
    aud: String,
    /// Since when, in seconds since 1970.
    iat: u64,
    /// Until when.
    exp: u64,
    /// Tells this token from all others.
    jti: Uuid,
}

/// Why a token isn't believed. Says what would be right, never what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    /// A claim is missing, of another type, or unknown.
    #[error("the internal token does not have the claims that it must have")]
    Claims,
    /// It is for another service.
    #[error("the internal token is for another service")]
    Audience,
    /// Its time is over.
    #[error("the internal token has ended")]
    Ended,
    /// Its time hasn't come.
    #[error("the internal token is not valid yet")]
    NotYet,
    /// It lives longer than any may.
    #[error("the internal token lives too long")]
    TooLong,
}

impl Claims {
    /// For `audience`, from `now` on for `life` seconds.
    pub(super) fn new(who: &Principal, audience: &str, now: u64, life: u64) -> Self {
        let Principal { id, kind, assurance } = *who;
        Self {
            sub: id,
            kind,
            aal: assurance,
            aud: audience.to_owned(),
            iat: now,
            exp: now + life.min(LONGEST),
            jti: Uuid::now_v7(),
        }
    }

    /// Judges claims at `now`, for the service `audience`. Out: who asks, and when the token ends.
    ///
    /// # Errors
    /// See [`Wrong`].
    pub(super) fn judge(claims: &[u8], audience: &str, now: u64) -> Result<(Principal, u64), Wrong> {
        let claims: Self = serde_json::from_slice(claims).map_err(|_| Wrong::Claims)?;
        if claims.aud != audience {
            return Err(Wrong::Audience);
        }
        if claims.exp <= now {
            return Err(Wrong::Ended);
        }
        if claims.iat > now + SKEW {
            return Err(Wrong::NotYet);
        }
        if claims.exp.saturating_sub(claims.iat) > LONGEST {
            return Err(Wrong::TooLong);
        }
        Ok((Principal { id: claims.sub, kind: claims.kind, assurance: claims.aal }, claims.exp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: u64 = 1_800_000_000;

    fn judge(change: &Value) -> Result<(Principal, u64), Wrong> {
        let mut claims = json!({"sub": Uuid::from_u128(1), "kind": "person", "aal": "aal1", "aud": "billing", "iat": NOW, "exp": NOW + 30, "jti": Uuid::from_u128(2)});
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        Claims::judge(claims.to_string().as_bytes(), "billing", NOW)
    }

    #[test]
    fn every_claim_counts() {
        let who = Principal { id: Uuid::from_u128(1), kind: PrincipalKind::Person, assurance: Assurance::First };
        assert_eq!(judge(&json!({})), Ok((who, NOW + 30)));
        let second = judge(&json!({"kind": "staff", "aal": "aal2"})).unwrap().0;
        assert_eq!((second.kind, second.assurance), (PrincipalKind::Staff, Assurance::Second));
        for (change, wrong) in [
            (json!({"aud": "fte"}), Wrong::Audience),
            (json!({"aud": ["billing"]}), Wrong::Claims),
            (json!({"sub": "me"}), Wrong::Claims),
            (json!({"kind": "admin"}), Wrong::Claims),
            (json!({"aal": "aal3"}), Wrong::Claims),
            (json!({"exp": NOW}), Wrong::Ended),
            (json!({"exp": NOW - 1}), Wrong::Ended),
            (json!({"exp": "4102444800"}), Wrong::Claims),
            (json!({"exp": -1}), Wrong::Claims),
            (json!({"iat": NOW + 6, "exp": NOW + 30}), Wrong::NotYet),
            (json!({"exp": NOW + 61}), Wrong::TooLong),
            (json!({"iat": NOW - 31}), Wrong::TooLong),
            (json!({"extra": 1}), Wrong::Claims),
        ] {
            assert_eq!(judge(&change), Err(wrong), "{change}");
        }
        for name in ["sub", "kind", "aal", "aud", "iat", "exp", "jti"] {
            assert_eq!(judge(&json!({name: null})), Err(Wrong::Claims), "{name}");
        }
        assert!(judge(&json!({"iat": NOW + 5, "exp": NOW + 65})).is_ok(), "clocks differ a little");
    }

    #[test]
    fn what_is_written_is_believed_and_no_longer_than_it_may_be() {
        let who = Principal { id: Uuid::from_u128(7), kind: PrincipalKind::Staff, assurance: Assurance::Second };
        for (life, exp) in [(30, NOW + 30), (600, NOW + LONGEST)] {
            let text = serde_json::to_vec(&Claims::new(&who, "fte", NOW, life)).unwrap();
            assert_eq!(Claims::judge(&text, "fte", NOW), Ok((who, exp)));
        }
        let twice = br#"{"aud":"a","aud":"fte"}"#;
        assert_eq!(Claims::judge(twice, "fte", NOW), Err(Wrong::Claims));
    }
}
