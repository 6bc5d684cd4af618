//! What the routes read and answer alike. In come results of the other rooms; out go responses. Must not log bodies.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::http::{Paging, strict_uuid};
use rerp_kit::idempotency::{Standing, replayed};
use rerp_kit::pool::DbError;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ID_TAKEN, INTERNAL, INVALID_VALUE, NOT_FOUND};
use serde::Serialize;
use uuid::Uuid;

use crate::captcha::refused;
use crate::domain::Receipt;
use crate::domain::captcha::Refused;
use crate::store::{admission, consent};

/// Longest name of a form in a query.
const SOURCE: usize = 64;

/// 201 with what was created now, or with what was created when the key was first used; 202 where its address is still to be found out.
pub(super) fn created(created: &Receipt, stored: Result<Standing, DbError>) -> Result<Response, Problem> {
    match stored {
        Ok(Standing::Fresh) => Ok((status(created.email_address_id.is_some()), axum::Json(created)).into_response()),
        Ok(Standing::Done(answer)) => Ok(replayed(status(!answer["email_address_id"].is_null()), answer)),
        Ok(other) => Err(of_key(&other)),
        Err(error) if error.constraint().is_some_and(|name| name == admission::SPENT) => Err(refused(Refused::Over)),
        Err(error) if error.constraint().is_some_and(|name| name == consent::UNKNOWN_VERSION) => {
            Err(Problem::new(INVALID_VALUE)
                .field("/consent", "must be the version of a text that visitors can agree to"))
        }
        Err(error) if error.constraint().is_some_and(|name| name.ends_with("_pkey")) => {
            Err(Problem::new(ID_TAKEN).detail("the UUID given as Idempotency-Key was used before; use a new one"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Why a key gave no answer.
pub(super) fn of_key(standing: &Standing) -> Problem {
    standing.problem().unwrap_or_else(|| Problem::new(INTERNAL))
}

/// Something that nobody on the way keeps, and that the next moment may change.
pub(super) fn private(status: StatusCode, body: &impl Serialize) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

/// An identifier in a path.
///
/// # Errors
/// A problem: what is no identifier names nothing.
pub(super) fn identifier(text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text).ok_or_else(|| Problem::new(NOT_FOUND).detail("not an identifier: a UUID of 36 characters"))
}

/// How many rows to read for a page: one more tells whether there is a next one.
///
/// # Errors
/// A problem when the query asks for a page that can't be.
pub(super) fn paging(paging: &Paging) -> Result<(u16, Uuid, i64), Problem> {
    let limit = paging.limit()?;
    Ok((limit, paging.after()?, i64::from(limit) + 1))
}

/// A form's name that a list is narrowed to.
///
/// # Errors
/// A problem: no form can have this name.
pub(super) fn source(typed: Option<String>) -> Result<Option<String>, Problem> {
    let is_one = |text: &String| (1..=SOURCE).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    match typed {
        Some(text) if !is_one(&text) => Err(Problem::new(INVALID_VALUE)
            .field("/source", "must be the name of a form: 1 to 64 visible ASCII characters")),
        typed => Ok(typed),
    }
}

fn status(has_address: bool) -> StatusCode {
    if has_address { StatusCode::CREATED } else { StatusCode::ACCEPTED }
}
