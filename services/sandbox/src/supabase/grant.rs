//! What a token says, and the answer it comes in. In: a session and its user. Out: claims, which a hook may change, and the document of a sign-in.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::refusal::Refusal;
use super::state::State;

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Whose.
    pub user: Uuid,
    /// The session it is for.
    pub session: Uuid,
    /// How they proved themselves just now.
    pub method: &'static str,
    /// Where the answer goes, if it goes into an address: `https://…#access_token=…`, for a link of this type.
    pub redirect: Option<(String, String)>,
    /// What the password lacks that was good enough once.
    pub weak: Option<Value>,
}

/// Whether a claim has the form that it must have.
type Form = fn(&Value) -> bool;

/// Claims that must be there, whoever changed them. The rest may be anything.
const NEEDED: [(&str, Form); 10] = [
    ("aud", |value| value.is_string() || value.is_array()),
    ("exp", Value::is_i64),
    ("iat", Value::is_i64),
    ("sub", Value::is_string),
    ("email", Value::is_string),
    ("phone", Value::is_string),
    ("role", Value::is_string),
    ("aal", Value::is_string),
    ("session_id", Value::is_string),
    ("is_anonymous", |_| true),
];

/// Where a backend writes what a hook would say of an account, for platforms on which no hook is asked.
const CLAIMS: &str = "claims";

/// What the token says, unless a hook has another opinion.
pub(super) fn claims(state: &State, issue: &Issue, now: Timestamp) -> Result<Value, Refusal> {
    let (user, session) = (state.user(issue.user)?, state.session(issue.session)?);
    let mut claims = json!({
        "iss": state.settings.issuer, "aud": user.audience, "sub": user.id,
        "iat": now.as_second(), "exp": now.as_second() + i64::from(state.settings.jwt_exp),
        "role": user.role, "aal": session.assurance(), "amr": session.methods(), "session_id": session.id,
        "email": user.email, "phone": user.phone, "is_anonymous": user.is_anonymous,
        "app_metadata": user.app_metadata, "user_metadata": user.user_metadata,
    });
    for (name, value) in user.app_metadata.get(CLAIMS).and_then(Value::as_object).into_iter().flatten() {
        claims[name] = value.clone();
    }
    Ok(claims)
}

/// Whether a hook left what every token needs.
pub(super) fn complete(claims: &Value) -> Result<(), Refusal> {
    let wrong = NEEDED.iter().filter(|(name, fits)| !claims.get(name).is_some_and(fits));
    let wrong: Vec<String> = wrong.map(|(name, _)| format!("- (root): {name} is required\n")).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Refusal::failed(format!("output claims do not conform to the expected schema: \n{}", wrong.concat())))
}

/// The answer to a sign-in. `ends` is the token's end, as it was before a hook.
pub(super) fn document(
    state: &mut State,
    issue: &Issue,
    claims: &Value,
    ends: i64,
    now: Timestamp,
) -> Result<Value, Refusal> {
    let token = state.keys.sign(claims)?;
    let (user, session) = (state.user(issue.user)?, state.session(issue.session)?);
    let mut document = json!({
        "access_token": token, "token_type": "bearer", "expires_in": ends - now.as_second(), "expires_at": ends,
        "refresh_token": session.refresh_token(), "user": user.document(),
    });
    if let Some(weak) = &issue.weak {
        document["weak_password"] = weak.clone();
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_must_leave_what_every_token_needs() {
        let all = json!({"aud": ["x"], "exp": 1, "iat": 1, "sub": "", "email": "", "phone": "", "role": "", "aal": "", "session_id": "", "is_anonymous": false});
        assert_eq!(complete(&all), Ok(()));
        for (name, value) in [("exp", json!("1")), ("aud", json!(1)), ("role", Value::Null)] {
            let mut other = all.clone();
            other[name] = value;
            assert!(complete(&other).unwrap_err().message().contains(name), "{name}");
        }
        assert!(complete(&json!([])).is_err());
    }
}
