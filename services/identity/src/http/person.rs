//! People over HTTP: `GET /api/identity/user/{human_name_id}`, `GET /api/identity/verification-status/{human_name_id}` and
//! `GET /api/identity/platform-user/{platform_user_id}`. Must not log what it reads.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::{Path, etag, has_version, strict_uuid};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::store::person as store;

/// A customer as others see it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Human {
    /// The one identifier of this customer.
    pub human_name_id: Uuid,
    /// The identifier of the address.
    pub email_address_id: Uuid,
    /// As the customer wrote it.
    pub first_name: Option<String>,
    /// As the customer wrote it.
    pub surname: Option<String>,
    /// The name chosen for signing in.
    pub username: Option<String>,
    /// Grows with every change; in quotes it is the ETag.
    pub version: i32,
    /// When the customer was first seen.
    pub created_at: Timestamp,
    /// When something about it last changed.
    pub updated_at: Timestamp,
}

/// What a customer has proved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerificationStatus {
    /// The customer.
    pub human_name_id: Uuid,
    /// To read mail at the address.
    pub email_verified: bool,
    /// When.
    pub email_verified_at: Option<Timestamp>,
    /// To have the telephone.
    pub phone_verified: bool,
    /// When.
    pub phone_verified_at: Option<Timestamp>,
    /// Both: what trials, payment methods and tests ask for.
    pub both_verified: bool,
}

/// A member of the staff as others see it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlatformUser {
    /// The one identifier.
    pub platform_user_id: Uuid,
    /// Where mail goes.
    pub email: String,
    /// Where calls go.
    pub phone: Option<String>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub surname: String,
    /// The name chosen for signing in.
    pub username: Option<String>,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something about it last changed.
    pub updated_at: Timestamp,
}

/// A customer by identifier.
///
/// # Errors
/// A problem.
pub async fn human(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stored =
        store::human(&db.on_behalf(&caller), identifier(&text)?).await?.ok_or_else(|| Problem::new(NOT_FOUND))?;
    let tag = [(header::ETAG, etag(stored.version))];
    if has_version(&headers, stored.version)? {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    let human = axum::Json(Human {
        human_name_id: stored.id,
        email_address_id: stored.email_address_id,
        first_name: stored.first_name,
        surname: stored.surname,
        username: stored.username,
        version: stored.version,
        created_at: stored.created_at.to_jiff(),
        updated_at: stored.updated_at.to_jiff(),
    });
    Ok((tag, human).into_response())
}

/// What a customer has proved, by identifier.
///
/// # Errors
/// A problem.
pub async fn verification(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<axum::Json<VerificationStatus>, Problem> {
    let id = identifier(&text)?;
    let stored = store::verification(&db.on_behalf(&caller), id).await?.ok_or_else(|| Problem::new(NOT_FOUND))?;
    Ok(axum::Json(VerificationStatus {
        human_name_id: id,
        email_verified: stored.email_verified,
        email_verified_at: stored.email_verified_at.map(|at| at.to_jiff()),
        phone_verified: stored.phone_verified,
        phone_verified_at: stored.phone_verified_at.map(|at| at.to_jiff()),
        both_verified: stored.both_verified,
    }))
}

/// A member of the staff by identifier.
///
/// # Errors
/// A problem.
pub async fn platform_user(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<axum::Json<PlatformUser>, Problem> {
    let found = store::platform_user(&db.on_behalf(&caller), identifier(&text)?).await?;
    let stored = found.ok_or_else(|| Problem::new(NOT_FOUND))?;
    Ok(axum::Json(PlatformUser {
        platform_user_id: stored.id,
        email: stored.email,
        phone: stored.phone,
        first_name: stored.first_name,
        surname: stored.surname,
        username: stored.username,
        is_active: stored.is_active,
        created_at: stored.created_at.to_jiff(),
        updated_at: stored.updated_at.to_jiff(),
    }))
}

/// An identifier in a path.
pub(super) fn identifier(text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text).ok_or_else(|| Problem::new(NOT_FOUND).detail("not an identifier: a UUID of 36 characters"))
}
