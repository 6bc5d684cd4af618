//! Supabase Auth, as far as sessions need it. In: what somebody shows. Out: tokens, or why there are none. How it is called is `wire.rs`'s.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::{HeaderValue, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

use super::claims::Claims;
use super::refusal::Refusal;
use super::wire::{Call, Wire};

/// How long signing out waits for Supabase. The browser forgets in any case.
pub(super) const SIGN_OUT: Duration = Duration::from_secs(4);

/// The project.
#[derive(Debug)]
pub struct Supabase(Wire);

/// The client can't be built.
#[derive(Debug, thiserror::Error)]
pub enum SupabaseError {
    /// The provider of cryptography lacks what TLS needs.
    #[error("setting up TLS for calls to Supabase")]
    Tls(#[from] rustls::Error),
    /// Everything else.
    #[error("setting up the client for Supabase")]
    Client(#[from] reqwest::Error),
}

/// What a sign-in or a refresh gives.
#[derive(Debug)]
pub struct Grant {
    /// For the API.
    pub access: SecretString,
    /// Gives the next grant.
    pub refresh: SecretString,
    /// How long the access token is good, in seconds.
    pub lasts: u64,
    /// What the access token says.
    pub claims: Claims,
    /// Their address; empty where there is none.
    pub email: String,
}

#[derive(Deserialize)]
struct Document {
    access_token: SecretString,
    refresh_token: SecretString,
    expires_in: u64,
    user: User,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    email: String,
}

/// Where the visitor comes from, where somebody says it.
pub type Visitor = Option<IpAddr>;

impl Supabase {
    /// The project at an address.
    ///
    /// # Errors
    /// The client can't be built.
    pub fn new(base: Url, key: HeaderValue) -> Result<Self, SupabaseError> {
        Ok(Self(Wire::new(base, key)?))
    }

    /// A session for a password.
    ///
    /// # Errors
    /// See [`Refusal`], as everywhere below.
    pub async fn password(&self, email: &str, password: &SecretString, from: Visitor) -> Result<Grant, Refusal> {
        let body = json!({ "email": email, "password": password.expose_secret() });
        self.grant("token?grant_type=password", body, from).await
    }

    /// The next access token.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn refresh(&self, refresh: &SecretString, from: Visitor) -> Result<Grant, Refusal> {
        let body = json!({ "refresh_token": refresh.expose_secret() });
        self.grant("token?grant_type=refresh_token", body, from).await
    }

    /// A session for the code that was sent to an address whose password is forgotten.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn code(&self, email: &str, code: &str, from: Visitor) -> Result<Grant, Refusal> {
        self.grant("verify", json!({ "type": "recovery", "email": email, "token": code }), from).await
    }

    /// Asks for that code.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn recover(&self, email: &str, from: Visitor) -> Result<(), Refusal> {
        self.call(Method::POST, "recover", None, json!({ "email": email }), from).await.map(drop)
    }

    /// Gives whoever has this access token another password. All their other sessions end.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn change(&self, access: &SecretString, password: &SecretString, from: Visitor) -> Result<(), Refusal> {
        let body = json!({ "password": password.expose_secret() });
        self.call(Method::PUT, "user", Some(access), body, from).await.map(drop)
    }

    /// Ends the session of an access token.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn sign_out(&self, access: &SecretString, from: Visitor) -> Result<(), Refusal> {
        self.call(Method::POST, "logout?scope=local", Some(access), Value::Null, from).await.map(drop)
    }

    /// Ends it, if that can be had soon. Whether that went well.
    pub(super) async fn ends(&self, access: &SecretString, from: Visitor) -> bool {
        matches!(timeout(SIGN_OUT, self.sign_out(access, from)).await, Ok(Ok(())))
    }

    async fn grant(&self, path: &str, body: Value, from: Visitor) -> Result<Grant, Refusal> {
        granted(&self.call(Method::POST, path, None, body, from).await?)
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        bearer: Option<&SecretString>,
        body: Value,
        visitor: Visitor,
    ) -> Result<Vec<u8>, Refusal> {
        self.0.call(Call { method, path, bearer, body, visitor }).await
    }
}

/// The tokens of an answer.
///
/// # Errors
/// There are none that can be read.
pub(super) fn granted(body: &[u8]) -> Result<Grant, Refusal> {
    let document: Document = read(body)?;
    let claims = Claims::read(document.access_token.expose_secret()).ok_or_else(unreadable)?;
    let Document { access_token: access, refresh_token: refresh, expires_in: lasts, user } = document;
    Ok(Grant { access, refresh, lasts, claims, email: user.email })
}

/// A document of theirs.
///
/// # Errors
/// It can't be read.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| unreadable())
}

fn unreadable() -> Refusal {
    tracing::warn!("what Supabase answers to a sign-in can't be read");
    Refusal::Unavailable
}
