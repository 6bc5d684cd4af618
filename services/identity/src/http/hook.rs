//! What Supabase Auth asks: `POST /api/identity/hooks/send-email`, `…/send-sms` and `…/customize-access-token`. In come signed calls; out go answers in the words that GoTrue reads
//! (<https://supabase.com/docs/guides/auth/auth-hooks>). The signature is over the bytes, so nothing is parsed before it. Must not log bodies.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rerp_kit::http::{Raw, single_header};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INVALID_BODY, NOT_SIGNED_IN};
use rerp_kit::telemetry::chain;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::deliver::Destination;
use crate::domain::email::EmailAddress;
use crate::domain::phone::PhoneNumber;
use crate::domain::webhook::{Signed, verify};
use crate::hooks::{Hooks, Refused};

/// A user, as far as it matters here. Supabase says more.
#[derive(Deserialize)]
struct User {
    id: Uuid,
    email: Option<String>,
    phone: Option<String>,
}

#[derive(Deserialize)]
struct SendEmail {
    user: User,
    email_data: EmailData,
}

#[derive(Deserialize)]
struct EmailData {
    token: String,
    email_action_type: String,
}

#[derive(Deserialize)]
struct SendSms {
    user: User,
    sms: Sms,
}

#[derive(Deserialize)]
struct Sms {
    otp: String,
}

#[derive(Deserialize)]
struct CustomizeAccessToken {
    user_id: Uuid,
    claims: Map<String, Value>,
}

/// Carries a code by mail.
///
/// # Errors
/// A problem: the call is none of Supabase's.
pub async fn send_email(State(hooks): State<Hooks>, headers: HeaderMap, Raw(body): Raw) -> Result<Response, Problem> {
    let (asked, call): (SendEmail, String) = read(&hooks, &headers, &body)?;
    // A change of address begins at the registry, or both would know another one.
    if asked.email_data.email_action_type == "email_change" {
        return Ok(refused(&Refused::NotHere));
    }
    let address = asked.user.email.unwrap_or_default();
    let Ok(address) = EmailAddress::parse(&address) else { return Ok(refused(&Refused::OtherContact)) };
    let carried = hooks.carry(asked.user.id, Destination::Email(address), &asked.email_data.token, &call).await;
    Ok(answered(carried.map(|()| json!({}))))
}

/// Carries a code by text.
///
/// # Errors
/// A problem: the call is none of Supabase's.
pub async fn send_sms(State(hooks): State<Hooks>, headers: HeaderMap, Raw(body): Raw) -> Result<Response, Problem> {
    let (asked, call): (SendSms, String) = read(&hooks, &headers, &body)?;
    // Supabase keeps numbers without the plus.
    let number = format!("+{}", asked.user.phone.unwrap_or_default().trim_start_matches('+'));
    let Ok(number) = PhoneNumber::parse(&number) else { return Ok(refused(&Refused::OtherContact)) };
    let carried = hooks.carry(asked.user.id, Destination::Phone(number), &asked.sms.otp, &call).await;
    Ok(answered(carried.map(|()| json!({}))))
}

/// Says who it is in a token, or that there is to be none.
///
/// # Errors
/// A problem: the call is none of Supabase's.
pub async fn customize_access_token(
    State(hooks): State<Hooks>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Response, Problem> {
    let (asked, _): (CustomizeAccessToken, String) = read(&hooks, &headers, &body)?;
    let claims = hooks.claims(asked.user_id, asked.claims).await;
    Ok(answered(claims.map(|claims| json!({ "claims": claims }))))
}

/// The call and its identifier, if Supabase made it.
fn read<T: DeserializeOwned>(hooks: &Hooks, headers: &HeaderMap, body: &[u8]) -> Result<(T, String), Problem> {
    let header = |name: &str| Ok::<_, Problem>(single_header(headers, name)?.unwrap_or_default());
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    let signed = Signed { id, timestamp, signatures: header("webhook-signature")? };
    verify(signed, body, hooks.secrets(), Timestamp::now().as_second()).map_err(|refused| {
        tracing::warn!(why = %refused, "a call to a hook is not believed");
        Problem::new(NOT_SIGNED_IN).detail(refused.to_string())
    })?;
    // Nothing of the text: serde repeats values, and a code may be among them.
    let unreadable = || Problem::new(INVALID_BODY).detail("this is not what the hook is asked with");
    let asked = serde_json::from_slice(body).map_err(|_| unreadable())?;
    Ok((asked, id.to_owned()))
}

fn answered(outcome: Result<Value, Refused>) -> Response {
    match outcome {
        Ok(said) => axum::Json(said).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

/// No, in GoTrue's words: 200, with the status and the text for whoever signs in.
fn refused(why: &Refused) -> Response {
    tracing::warn!(error = chain(why), "a hook of Supabase's is refused");
    axum::Json(json!({ "error": { "http_code": why.status(), "message": why.to_string() } })).into_response()
}
