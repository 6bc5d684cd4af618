//! What the routes read and answer alike. In come results of the other rooms; out go identifiers, responses and problems.
//! Must not log bodies.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::http::{Paging, etag, strict_uuid};
use rerp_kit::idempotency::Standing;
use rerp_kit::pool::DbError;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ID_TAKEN, INTERNAL, NO_SEAT_LEFT, NOT_FOUND, NOT_PERMITTED};
use serde::Serialize;
use uuid::Uuid;

/// An identifier in a path.
///
/// # Errors
/// A problem: what is no identifier names nothing.
pub(super) fn identifier(text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text).ok_or_else(|| Problem::new(NOT_FOUND).detail("not an identifier: a UUID of 36 characters"))
}

/// There is no such account.
pub(super) fn no_account() -> Problem {
    Problem::new(NOT_FOUND).detail("there is no such account")
}

/// None of the caller's roles in the account gives it.
pub(super) fn denied(why: String) -> Problem {
    Problem::new(NOT_PERMITTED).detail(why)
}

/// Nobody else can have a role in the account.
pub(super) fn full() -> Problem {
    Problem::new(NO_SEAT_LEFT).detail("take somebody's roles or an open invitation away first, or choose a larger plan")
}

/// Why a key gave no answer.
pub(super) fn of_key(standing: &Standing) -> Problem {
    standing.problem().unwrap_or_else(|| Problem::new(INTERNAL))
}

/// A failed insert: an identifier that the caller chose may be taken.
pub(super) fn not_inserted(error: DbError) -> Problem {
    if error.constraint().is_some_and(|name| name.ends_with("_pkey")) {
        return Problem::new(ID_TAKEN).detail("the UUID given as Idempotency-Key was used before; use a new one");
    }
    error.into()
}

/// What was made, where it is, and which version it has.
pub(super) fn created(location: &str, version: i32, body: &impl Serialize) -> Response {
    let mut response = versioned(StatusCode::CREATED, version, body);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Something with its version.
pub(super) fn versioned(status: StatusCode, version: i32, body: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    response.headers_mut().insert(header::ETAG, etag(version));
    response
}

/// How many rows to read for a page: one more tells whether there is a next one.
///
/// # Errors
/// A problem when the query asks for a page that can't be.
pub(super) fn paging(paging: &Paging) -> Result<(u16, Uuid, i64), Problem> {
    let limit = paging.limit()?;
    Ok((limit, paging.after()?, i64::from(limit) + 1))
}
