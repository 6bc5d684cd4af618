//! What the routes read and answer alike. In come results of the other rooms; out go identifiers, responses and problems.
//! Must not log bodies.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::http::{Paging, etag, strict_uuid};
use rerp_kit::idempotency::Standing;
use rerp_kit::pool::DbError;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ID_TAKEN, INTERNAL, INVALID_VALUE, NOT_FOUND};
use serde::Serialize;
use uuid::Uuid;

/// An identifier in a path.
///
/// # Errors
/// A problem: what is no identifier names nothing.
pub(super) fn identifier(text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text).ok_or_else(|| Problem::new(NOT_FOUND).detail("not an identifier: a UUID of 36 characters"))
}

/// An identifier in a body.
///
/// # Errors
/// A problem that names the field.
pub(super) fn field(pointer: &str, text: &str) -> Result<Uuid, Problem> {
    let wrong = || Problem::new(INVALID_VALUE).field(pointer, "must be an identifier: a UUID of 36 characters");
    strict_uuid(text).ok_or_else(wrong)
}

/// There is no such thing.
pub(super) fn nothing(what: &str) -> Problem {
    Problem::new(NOT_FOUND).detail(format!("there is no such {what}"))
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

/// What was made, and where it is.
pub(super) fn made(location: &str, body: &impl Serialize) -> Response {
    located(private(StatusCode::CREATED, body), location)
}

/// What was made, where it is, and which version it has.
pub(super) fn created(location: &str, version: i32, body: &impl Serialize) -> Response {
    located(versioned(StatusCode::CREATED, version, body), location)
}

fn located(mut response: Response, location: &str) -> Response {
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

/// Something of a person, which nobody on the way keeps, and which the next moment may change.
pub(super) fn private(status: StatusCode, body: &impl Serialize) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

/// How many rows to read for a page: one more tells whether there is a next one.
///
/// # Errors
/// A problem when the query asks for a page that can't be.
pub(super) fn paging(paging: &Paging) -> Result<(u16, Uuid, i64), Problem> {
    let limit = paging.limit()?;
    Ok((limit, paging.after()?, i64::from(limit) + 1))
}
