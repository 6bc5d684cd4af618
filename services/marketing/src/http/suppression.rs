//! The list of addresses that want nothing from us, for staff: `GET` and `POST /api/marketing/suppressions`, `DELETE
//! /api/marketing/suppressions/{email_address_id}`. An address is typed in at most, and only Identity keeps it. Must not log bodies.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::audit::Errand;
use rerp_kit::http::{Json, Page, Paging, Path, Query};
use rerp_kit::idempotency::{Claim, Key, Standing, replayed};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INTERNAL, NOT_FOUND};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer;
use crate::domain::suppression::{NewSuppression, Whose};
use crate::state::AppState;
use crate::store::suppression::{self as store, Added};

/// What adding takes: one of the first two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewSuppression")]
pub struct Body {
    /// The address, as somebody wrote it.
    #[schemars(length(min = 1, max = 1024))]
    email: Option<String>,
    /// Or its identifier.
    #[schemars(with = "Option<Uuid>")]
    email_address_id: Option<String>,
    /// Why: `objected`, `bounced`, `complained` or `other`.
    #[schemars(regex(pattern = "^(objected|bounced|complained|other)$"))]
    reason: String,
}

/// Puts an address on the list: 201, or 200 with what is there.
///
/// # Errors
/// A problem.
pub async fn add(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let new = NewSuppression::new(body.email.as_deref(), body.email_address_id.as_deref(), &body.reason)?;
    let id = match &new.whose {
        Whose::Id(id) => *id,
        Whose::Typed(email) => state.identity.upsert_email(email, "/email").await?,
    };
    let claim = key.map(|key| Claim::new("suppressions", key, &(id, new.cause))).transpose();
    let claim = claim.map_err(|_| Problem::new(INTERNAL))?;
    let errand = Errand::at_hand().about(id).with(json!({ "cause": new.cause }));
    match store::add(&state.db.on_behalf(&caller).telling(errand), id, new.cause, claim).await? {
        Added::Is(row, made) => Ok(answer::private(status(made), &row)),
        Added::Key(Standing::Done(kept)) => {
            let (made, row): (bool, Value) = serde_json::from_value(kept).map_err(|_| Problem::new(INTERNAL))?;
            Ok(replayed(status(made), row))
        }
        Added::Key(standing) => Err(answer::of_key(&standing)),
    }
}

fn status(made: bool) -> StatusCode {
    if made { StatusCode::CREATED } else { StatusCode::OK }
}

/// Takes an address off the list. What it left before can be seen again then; what it left meanwhile was never stored.
///
/// # Errors
/// A problem.
pub async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = answer::identifier(&id)?;
    if store::remove(&state.db.on_behalf(&caller), id).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Err(Problem::new(NOT_FOUND).detail("this address is not on the list"))
}

/// The list, a page of it: identifiers, which tell nobody's address.
///
/// # Errors
/// A problem.
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let (limit, after, most) = answer::paging(&paging)?;
    let rows = store::page(&state.db.on_behalf(&caller), after, most).await?;
    Ok(answer::private(StatusCode::OK, &Page::of(rows, limit, |row| row.email_address_id)))
}
