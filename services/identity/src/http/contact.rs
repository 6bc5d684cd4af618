//! One's own contacts, and how far proving them is: `GET /api/identity/user/{human_name_id}/contacts`. Must not log what it reads.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::{Path, etag};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::person::identifier;
use crate::deliver::Destination;
use crate::domain::email::EmailAddress;
use crate::domain::phone::PhoneNumber;
use crate::store::contact::{self as store, Outlook};
use crate::verification::Verification;

/// A person's contacts.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Contacts")]
pub struct View {
    /// Whose.
    human_name_id: Uuid,
    /// The address.
    email: Contact,
    /// The telephone; none was given yet.
    mobile: Option<Contact>,
    /// What the clock shows here: times of this answer are counted from it.
    now: Timestamp,
}

/// A contact, and how far proving it is.
#[derive(Debug, Serialize, JsonSchema)]
struct Contact {
    /// The address, or the number with the code of its country.
    contact: String,
    /// Whether it is proved.
    verified: bool,
    /// When it was.
    verified_at: Option<Timestamp>,
    /// When another code may be asked for; none: now.
    next_code_at: Option<Timestamp>,
    /// The code that was asked for last, if it can still prove something.
    code: Option<Code>,
}

/// A code that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenCode")]
struct Code {
    /// Until when it proves something.
    expires_at: Timestamp,
    /// How many guesses are looked at; after the last one it takes another code.
    tries_left: i16,
}

/// A person's contacts, by identifier.
///
/// # Errors
/// A problem.
pub async fn contacts(
    State(state): State<Verification>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let id = identifier(&text)?;
    let state = state.on_behalf(&caller);
    let stored = store::contacts(state.db(), id).await?.ok_or_else(|| Problem::new(NOT_FOUND))?;
    let email = EmailAddress::parse(&stored.email).ok().map(Destination::Email);
    let email = Contact::of(stored.email, stored.email_verified, stored.email_verified_at, open(&state, email).await?);
    let mobile = match stored.phone {
        Some(number) => {
            let to = PhoneNumber::parse(&number).ok().map(Destination::Phone);
            let outlook = open(&state, to).await?;
            Some(Contact::of(number, stored.phone_verified, stored.phone_verified_at, outlook))
        }
        None => None,
    };
    let view = View { human_name_id: id, email, mobile, now: Timestamp::now() };
    let headers =
        [(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store")), (header::ETAG, etag(stored.version))];
    Ok((headers, axum::Json(view)).into_response())
}

async fn open(state: &Verification, to: Option<Destination>) -> Result<Option<Outlook>, Problem> {
    match to {
        Some(to) => Ok(state.outlook(&to).await?),
        None => Ok(None),
    }
}

impl Contact {
    fn of(
        contact: String,
        verified: bool,
        verified_at: Option<jiff_sqlx::Timestamp>,
        outlook: Option<Outlook>,
    ) -> Self {
        let next = outlook.filter(|outlook| outlook.wait_s > 0).map(|outlook| outlook.next_at.to_jiff());
        let code = outlook.and_then(|outlook| Some((outlook.expires_at?.to_jiff(), outlook.tries_left?)));
        Self {
            contact,
            verified,
            verified_at: verified_at.map(|at| at.to_jiff()),
            next_code_at: next,
            code: code.map(|(expires_at, tries_left)| Code { expires_at, tries_left }),
        }
    }
}
