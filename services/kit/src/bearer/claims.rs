//! What a token must say to be believed. In: the claims of a token whose signature is right. Out: who it speaks for and until when.
//! Pure. None of the checks can be turned off.

use std::sync::Arc;

use serde::Deserialize;
use uuid::Uuid;

use super::{Assurance, Principal, PrincipalKind};

/// How far the clocks of the issuer and of this pod may be apart, in seconds. An ended token gets none of it.
const SKEW: u64 = 5;
/// Longest name of an application, in bytes.
const LONGEST_KEY: usize = 128;
/// Longest name of a role, in bytes.
const LONGEST_ROLE: usize = 32;

/// Whom to believe, and about what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Who must have issued a token.
    pub issuer: String,
    /// For whom the tokens of customers are.
    pub person_audience: String,
    /// For whom the tokens of staff are. Never the same.
    pub staff_audience: String,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: Uuid,
    exp: u64,
    nbf: Option<u64>,
    iat: Option<u64>,
    aal: Option<String>,
    client_id: Option<String>,
    rerp_role: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Why a token isn't believed. Says what would be right, never what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A claim is missing or of another type.
    #[error("the token lacks iss, aud, sub (a UUID) or exp, or one of them can't be read")]
    Claims,
    /// Somebody else issued it.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is for something else.
    #[error("the token is for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has ended")]
    Ended,
    /// Its time hasn't come.
    #[error("the token is not valid yet")]
    NotYet,
}

impl Rules {
    /// Judges claims at `now`, seconds since 1970. Out: the principal, and when the token ends.
    ///
    /// # Errors
    /// See [`Wrong`].
    pub fn judge(&self, claims: &[u8], now: u64) -> Result<(Principal, u64), Wrong> {
        let claims: Claims = serde_json::from_slice(claims).map_err(|_| Wrong::Claims)?;
        if claims.iss != self.issuer {
            return Err(Wrong::Issuer);
        }
        let kind = self.kind(&claims.aud).ok_or(Wrong::Audience)?;
        if claims.exp <= now {
            return Err(Wrong::Ended);
        }
        if claims.nbf.into_iter().chain(claims.iat).any(|from| from > now + SKEW) {
            return Err(Wrong::NotYet);
        }
        let is_staff = kind == PrincipalKind::Staff;
        let second = claims.aal.as_deref() == Some(Assurance::Second.name());
        let principal = Principal {
            id: claims.sub,
            kind,
            assurance: if second { Assurance::Second } else { Assurance::First },
            key: claims.client_id.filter(|key| key.len() <= LONGEST_KEY).map(Arc::from),
            role: claims.rerp_role.filter(|role| is_staff && role.len() <= LONGEST_ROLE).map(Arc::from),
        };
        Ok((principal, claims.exp))
    }

    /// A token for both is for neither: it would be what its holder likes.
    fn kind(&self, audience: &Audience) -> Option<PrincipalKind> {
        let names = match audience {
            Audience::One(name) => std::slice::from_ref(name),
            Audience::Several(names) => names.as_slice(),
        };
        match (names.contains(&self.person_audience), names.contains(&self.staff_audience)) {
            (true, false) => Some(PrincipalKind::Person),
            (false, true) => Some(PrincipalKind::Staff),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: u64 = 1_800_000_000;

    fn judge(change: Value) -> Result<(Principal, u64), Wrong> {
        let rules =
            Rules { issuer: "i".to_owned(), person_audience: "people".to_owned(), staff_audience: "staff".to_owned() };
        let mut claims = json!({"iss": "i", "aud": "people", "sub": Uuid::from_u128(1), "exp": NOW + 60});
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        rules.judge(claims.to_string().as_bytes(), NOW)
    }

    #[test]
    fn every_claim_counts() {
        assert_eq!(judge(json!({})).unwrap().0.kind, PrincipalKind::Person);
        for (change, wrong) in [
            (json!({"iss": "j"}), Wrong::Issuer),
            (json!({"iss": null}), Wrong::Claims),
            (json!({"aud": "others"}), Wrong::Audience),
            (json!({"aud": []}), Wrong::Audience),
            (json!({"aud": null}), Wrong::Claims),
            (json!({"aud": ["people", "staff"]}), Wrong::Audience),
            (json!({"sub": "me"}), Wrong::Claims),
            (json!({"sub": null}), Wrong::Claims),
            (json!({"exp": NOW}), Wrong::Ended),
            (json!({"exp": null}), Wrong::Claims),
            (json!({"exp": "4102444800"}), Wrong::Claims),
            (json!({"exp": -1}), Wrong::Claims),
            (json!({"nbf": NOW + 6}), Wrong::NotYet),
            (json!({"iat": NOW + 6}), Wrong::NotYet),
        ] {
            assert_eq!(judge(change.clone()).unwrap_err(), wrong, "{change}");
        }
        assert!(judge(json!({"nbf": NOW + 5, "iat": NOW - 1, "aud": ["x", "people"]})).is_ok());
    }

    #[test]
    fn a_second_factor_is_said_or_it_was_not_there() {
        let assurance = |change| judge(change).unwrap().0.assurance;
        assert_eq!(assurance(json!({"aud": "staff", "aal": "aal2"})), Assurance::Second);
        assert_eq!(assurance(json!({"aud": "staff"})), Assurance::First);
        assert_eq!(assurance(json!({"aud": "staff", "aal": "aal3"})), Assurance::First);
    }

    #[test]
    fn only_staff_have_a_role() {
        let role = |audience: &str, role: &str| judge(json!({"aud": audience, "rerp_role": role})).unwrap().0.role;
        assert_eq!(role("staff", "owner").as_deref(), Some("owner"));
        assert_eq!(role("people", "owner"), None, "a customer who says so");
        assert_eq!(role("staff", &"x".repeat(33)), None);
    }

    #[test]
    fn a_claim_given_twice_is_none() {
        let rules =
            Rules { issuer: "i".to_owned(), person_audience: "people".to_owned(), staff_audience: "staff".to_owned() };
        let text =
            format!(r#"{{"iss":"i","aud":"people","aud":"staff","sub":"{}","exp":{}}}"#, Uuid::from_u128(1), NOW + 60);
        assert_eq!(rules.judge(text.as_bytes(), NOW), Err(Wrong::Claims));
    }
}
