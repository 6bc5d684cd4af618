//! What a token is to say. In come the claims that Supabase would sign, and who it is here; out go the claims it signs. Pure. What is decided on (roles in accounts, verification,
//! entitlement) is not in a token: it would be stale.

use rerp_kit::http::strict_uuid;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::store::hook::{Known, Staff};

/// The claims with who it is; none if this token must not be. GoTrue takes the audience from whoever asks: only staff that we know gets the staff's, and staff gets no
/// other.
pub(super) fn claims(
    user: Uuid,
    known: &Known,
    mut claims: Map<String, Value>,
    staff_audience: Option<&str>,
) -> Option<Map<String, Value>> {
    let is_about_them = claims.get("sub").and_then(Value::as_str) == Some(user.to_string().as_str());
    if !is_about_them {
        return None;
    }
    match &known.staff {
        Some(Staff { is_active: false, .. }) => return None,
        Some(Staff { role, .. }) => {
            claims.insert("platform_user_id".to_owned(), json!(user));
            claims.insert("rerp_kind".to_owned(), json!("staff"));
            if let Some(role) = role {
                claims.insert("rerp_role".to_owned(), json!(role));
            }
            if let Some(audience) = staff_audience {
                claims.insert("aud".to_owned(), json!(audience));
            }
        }
        None => {
            if staff_audience.is_some_and(|audience| has_audience(&claims, audience)) {
                return None;
            }
            claims.insert("human_name_id".to_owned(), json!(user));
            claims.insert("rerp_kind".to_owned(), json!("person"));
        }
    }
    Some(claims)
}

/// Which session gets the token, and how well it is proved; none if the token doesn't say, as every one of GoTrue's does.
pub(super) fn session(claims: &Map<String, Value>) -> Option<(Uuid, &'static str)> {
    let session = claims.get("session_id").and_then(Value::as_str).and_then(strict_uuid)?;
    let aal = ["aal1", "aal2"].into_iter().find(|aal| claims.get("aal").and_then(Value::as_str) == Some(*aal))?;
    Some((session, aal))
}

/// The audience is a text, or a list of them (RFC 7519, 4.1.3).
fn has_audience(claims: &Map<String, Value>, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(audience)),
        Some(one) => one.as_str() == Some(audience),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Uuid = Uuid::from_u128(1);

    fn of(known: &Known, changed: &Value) -> Option<Map<String, Value>> {
        let mut said = json!({ "sub": ANN, "aud": "authenticated", "aal": "aal1", "role": "authenticated" });
        for (name, value) in changed.as_object().unwrap() {
            said[name] = value.clone();
        }
        claims(ANN, known, said.as_object().unwrap().clone(), Some("staff"))
    }

    fn staff(is_active: bool, role: Option<&str>) -> Known {
        Known { email: None, phone: None, staff: Some(Staff { is_active, role: role.map(str::to_owned) }) }
    }

    #[test]
    fn a_person_is_never_staff() {
        let person = Known { email: None, phone: None, staff: None };
        let said = of(&person, &json!({})).unwrap();
        assert_eq!((&said["human_name_id"], &said["rerp_kind"]), (&json!(ANN), &json!("person")));
        assert_eq!((&said["aud"], &said["aal"]), (&json!("authenticated"), &json!("aal1")), "the rest stays");
        for asked in [json!({ "aud": "staff" }), json!({ "aud": ["authenticated", "staff"] }), json!({ "sub": "x" })] {
            assert_eq!(of(&person, &asked), None, "{asked}");
        }
    }

    #[test]
    fn a_token_is_of_a_session() {
        let said = |said: Value| session(said.as_object().unwrap());
        assert_eq!(said(json!({ "session_id": ANN, "aal": "aal2" })), Some((ANN, "aal2")));
        for wrong in
            [json!({ "aal": "aal1" }), json!({ "session_id": ANN }), json!({ "session_id": ANN, "aal": "aal3" })]
        {
            assert_eq!(said(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn staff_is_staff_whatever_audience_was_asked_for() {
        let said = of(&staff(true, Some("admin")), &json!({})).unwrap();
        assert_eq!((&said["aud"], &said["rerp_role"]), (&json!("staff"), &json!("admin")));
        assert_eq!(said.get("human_name_id"), None);
        assert!(of(&staff(true, None), &json!({})).is_some_and(|said| !said.contains_key("rerp_role")));
        assert_eq!(of(&staff(false, Some("owner")), &json!({})), None, "who was sent away signs in no more");
    }
}
