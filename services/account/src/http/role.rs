//! Roles over HTTP: `POST` and `GET /api/accounts/{account_id}/roles`, `DELETE /api/accounts/{account_id}/roles/{role_id}`.
//! Must not log what it reads.

use std::future::ready;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Page, Paging, Path, Query};
use rerp_kit::idempotency::{Claim, Key, Standing, replayed};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INTERNAL, LAST_OWNER, NOT_FOUND};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::answer;
use crate::domain::permission::Leave;
use crate::domain::role::{NewRole, Role};
use crate::domain::seats::Seats;
use crate::state::AppState;
use crate::store::role::{self as store, Assignment, Grant, Revoke};

/// What giving a role takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewRole")]
pub struct Body {
    /// Who is to have it.
    #[schemars(with = "Uuid")]
    human_name_id: String,
    /// Which.
    #[schemars(with = "Role")]
    role: String,
}

/// Gives a person a role: 201, or 200 with the one that is there.
///
/// # Errors
/// A problem.
pub async fn grant(
    State(state): State<AppState>,
    caller: Caller,
    Path(account): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let (account, key) = (answer::identifier(&account)?, Key::of(&headers)?);
    let new = NewRole::new(&body.human_name_id, &body.role)?;
    let db = state.db.on_behalf(&caller);
    // First of all: whom Identity knows isn't for everybody to find out.
    match store::may_grant(&db, account, new.role, caller.reach()).await? {
        Leave::Given => {}
        Leave::Absent => return Err(answer::no_account()),
        Leave::Denied(why) => return Err(answer::denied(why)),
    }
    state.identity.must_know(new.human_name_id, "/human_name_id").await?;
    let (id, claim) = Claim::of_create("account-roles", key, &(account, new))?;
    let give = |seats| store::grant(&db, id, account, new, claim.clone(), (seats, caller.reach()));
    let seats = state.seats(account, store::is_again(&db, account, new, claim.as_ref())).await?;
    let mut given = give(seats).await;
    // What made it a repetition has gone meanwhile.
    if seats == Seats::NONE && matches!(given, Ok(Grant::Full)) {
        given = give(state.seats(account, ready(Ok(false))).await?).await;
    }
    match given.map_err(answer::not_inserted)? {
        Grant::Has(assignment, made) => Ok((status(made), axum::Json(assignment)).into_response()),
        Grant::NoAccount => Err(answer::no_account()),
        Grant::Denied(why) => Err(answer::denied(why)),
        Grant::Full => Err(answer::full()),
        Grant::Key(Standing::Done(kept)) => {
            let (made, assignment): (bool, Value) = serde_json::from_value(kept).map_err(|_| Problem::new(INTERNAL))?;
            Ok(replayed(status(made), assignment))
        }
        Grant::Key(standing) => Err(answer::of_key(&standing)),
    }
}

fn status(made: bool) -> StatusCode {
    if made { StatusCode::CREATED } else { StatusCode::OK }
}

/// An account's roles, a page of them.
///
/// # Errors
/// A problem.
pub async fn list(
    State(db): State<Db>,
    caller: Caller,
    Path(account): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Page<Assignment>>, Problem> {
    let account = answer::identifier(&account)?;
    let (limit, after, most) = answer::paging(&paging)?;
    let rows = store::page(&db.on_behalf(&caller), account, after, most, caller.reach())
        .await?
        .ok_or_else(answer::no_account)?;
    Ok(axum::Json(Page::of(rows, limit, |row| row.role_id)))
}

/// Takes a role away.
///
/// # Errors
/// A problem; the last owner's role stays.
pub async fn revoke(
    State(db): State<Db>,
    caller: Caller,
    Path((account, role)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (account, role) = (answer::identifier(&account)?, answer::identifier(&role)?);
    match store::revoke(&db.on_behalf(&caller), account, role, caller.reach()).await? {
        Revoke::Done => Ok(StatusCode::NO_CONTENT),
        Revoke::Denied(why) => Err(answer::denied(why)),
        Revoke::NotThere => Err(Problem::new(NOT_FOUND).detail("there is no such role in this account")),
        Revoke::LastOwner => Err(Problem::new(LAST_OWNER).detail("make somebody else an owner first")),
    }
}
