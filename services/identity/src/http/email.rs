//! Email addresses over HTTP: `POST /api/identity/email/upsert`, `GET /api/identity/email/{id or address}` and
//! `GET /api/identity/email?email=`, the form to prefer: an address may hold characters that proxies change in paths.
//! Must not log what it reads.

use axum::extract::State;
use axum::response::IntoResponse;
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path, Query, strict_uuid};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INVALID_VALUE, NOT_FOUND, NOT_PERMITTED};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::email::EmailAddress;
use crate::store::email::{self as store, Stored};
use crate::store::upsert::Upserts;

/// What an upsert takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AddressTyped")]
pub struct UpsertBody {
    /// The address as it was typed.
    #[schemars(email, length(min = 1, max = 1024))]
    email: String,
}

/// What an upsert answers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AddressUpserted")]
pub struct Upserted {
    /// The one identifier of this address.
    pub email_address_id: Uuid,
    /// Whether this call made it.
    pub created: bool,
}

/// An address in the document.
const EXAMPLE: &str = "ann@example.com";

/// What a search takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// The address, however it is written.
    #[schemars(email, length(min = 1, max = 1024), example = EXAMPLE)]
    pub(super) email: String,
}

/// An address as others see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Address")]
pub struct Details {
    /// The one identifier of this address.
    pub email_address_id: Uuid,
    /// The canonical form.
    pub email: String,
    /// Whether its owner proved to read it.
    pub verified: bool,
    /// When.
    pub verified_at: Option<Timestamp>,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When something about it last changed.
    pub updated_at: Timestamp,
}

/// Gives the identifier of an address, making one if there is none. The same for however many callers at once.
///
/// # Errors
/// A problem.
pub async fn upsert(
    State(upserts): State<Upserts>,
    caller: Caller,
    Json(body): Json<UpsertBody>,
) -> Result<impl IntoResponse, Problem> {
    // The table of who may call lets nobody else in. Addresses are made known as the service's own work, together with those of others, so whoever may
    // not have that done must not get here.
    if !matches!(caller, Caller::Service(_) | Caller::Unchecked) {
        return Err(Problem::new(NOT_PERMITTED).detail("this is for services of the platform"));
    }
    let email = EmailAddress::parse(&body.email)
        .map_err(|error| Problem::new(INVALID_VALUE).field("/email", error.to_string()))?;
    let stored = upserts.upsert(email).await?;
    Ok(axum::Json(Upserted { email_address_id: stored.id, created: stored.created }))
}

/// Details by identifier or address: 36 characters of UUID are an identifier, an `@` makes an address.
///
/// # Errors
/// A problem.
pub async fn by_path(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let db = db.on_behalf(&caller);
    if let Some(id) = strict_uuid(&text) {
        return found(store::by_id(&db, id).await?);
    }
    if text.contains('@') {
        return by_address(&db, &text).await;
    }
    Err(Problem::new(NOT_FOUND).detail("neither an identifier (a UUID of 36 characters) nor an email address"))
}

/// Details by address.
///
/// # Errors
/// A problem.
pub async fn by_query(
    State(db): State<Db>,
    caller: Caller,
    Query(search): Query<Search>,
) -> Result<impl IntoResponse, Problem> {
    by_address(&db.on_behalf(&caller), &search.email).await
}

async fn by_address(db: &Db, text: &str) -> Result<axum::Json<Details>, Problem> {
    let email = EmailAddress::parse(text).map_err(|error| Problem::new(INVALID_VALUE).detail(error.to_string()))?;
    found(store::by_email(db, &email).await?)
}

fn found(stored: Option<Stored>) -> Result<axum::Json<Details>, Problem> {
    let stored = stored.ok_or_else(|| Problem::new(NOT_FOUND))?;
    Ok(axum::Json(Details {
        email_address_id: stored.id,
        email: stored.email,
        verified: stored.verified,
        verified_at: stored.verified_at.map(|at| at.to_jiff()),
        created_at: stored.created_at.to_jiff(),
        updated_at: stored.updated_at.to_jiff(),
    }))
}
