//! What both routes answer alike. In come results of the other rooms; out go responses. Must not log bodies.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rerp_kit::idempotency::{Standing, replayed};
use rerp_kit::pool::DbError;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ID_TAKEN, INTERNAL};

use crate::domain::Receipt;

/// 201 with what was created now, or with what was created when the key was first used; 202 where its address is still to be found out.
pub(super) fn created(created: &Receipt, stored: Result<Standing, DbError>) -> Result<Response, Problem> {
    match stored {
        Ok(Standing::Fresh) => Ok((status(created.email_address_id.is_some()), axum::Json(created)).into_response()),
        Ok(Standing::Done(answer)) => Ok(replayed(status(!answer["email_address_id"].is_null()), answer)),
        Ok(other) => Err(other.problem().unwrap_or_else(|| Problem::new(INTERNAL))),
        Err(error) if error.constraint().is_some_and(|name| name.ends_with("_pkey")) => {
            Err(Problem::new(ID_TAKEN).detail("the UUID given as Idempotency-Key was used before; use a new one"))
        }
        Err(error) => Err(error.into()),
    }
}

fn status(has_address: bool) -> StatusCode {
    if has_address { StatusCode::CREATED } else { StatusCode::ACCEPTED }
}
