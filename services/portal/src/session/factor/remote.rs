//! Factors at Supabase. In: the access token of whoever has just shown a password. Out: what they have, a new one, or a session that is surer.

use axum::http::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::refusal::Refusal;
use super::super::supabase::{Grant, Supabase, Visitor, granted, read};

/// Of the kind that is used here.
const TOTP: &str = "totp";

/// A factor that somebody has.
#[derive(Debug, Deserialize)]
pub(super) struct Factor {
    pub(super) id: Uuid,
    factor_type: String,
    status: String,
}

/// One that was enrolled just now.
#[derive(Deserialize)]
pub(super) struct New {
    pub(super) id: Uuid,
    pub(super) totp: Totp,
}

/// What a program that shows codes is given.
#[derive(Deserialize)]
pub(super) struct Totp {
    /// For people who type it.
    pub(super) secret: String,
    /// For such a program: `otpauth://…`, with the secret in it.
    pub(super) uri: String,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    factors: Vec<Factor>,
}

#[derive(Deserialize)]
struct Challenge {
    id: Uuid,
}

impl Factor {
    /// Whether a code of it was right once.
    pub(super) fn is_verified(&self) -> bool {
        self.status == "verified"
    }
}

impl Supabase {
    /// Those of the kind that is used here.
    pub(super) async fn factors(&self, access: &SecretString, from: Visitor) -> Result<Vec<Factor>, Refusal> {
        let user: User = read(&self.call(Method::GET, "user", Some(access), Value::Null, from).await?)?;
        Ok(user.factors.into_iter().filter(|factor| factor.factor_type == TOTP).collect())
    }

    /// Takes away one that was never confirmed.
    pub(super) async fn remove(&self, access: &SecretString, factor: Uuid, from: Visitor) -> Result<(), Refusal> {
        let removed = self.call(Method::DELETE, &format!("factors/{factor}"), Some(access), Value::Null, from).await;
        match removed {
            // Somebody was quicker.
            Err(refusal) if refusal.is(&["mfa_factor_not_found"]) => Ok(()),
            other => other.map(drop),
        }
    }

    /// A new one.
    pub(super) async fn enrol(&self, access: &SecretString, from: Visitor) -> Result<New, Refusal> {
        read(&self.call(Method::POST, "factors", Some(access), json!({ "factor_type": TOTP }), from).await?)
    }

    /// Shows a code. Challenge and answer go together: Supabase wants both from one address.
    pub(super) async fn prove(
        &self,
        access: &SecretString,
        factor: Uuid,
        code: &str,
        from: Visitor,
    ) -> Result<Grant, Refusal> {
        let path = format!("factors/{factor}/challenge");
        let challenge: Challenge = read(&self.call(Method::POST, &path, Some(access), json!({}), from).await?)?;
        let body = json!({ "challenge_id": challenge.id, "code": code });
        granted(&self.call(Method::POST, &format!("factors/{factor}/verify"), Some(access), body, from).await?)
    }
}
