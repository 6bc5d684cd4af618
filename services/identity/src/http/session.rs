//! Sign-ins of somebody: `GET` and `DELETE /api/identity/sessions/{human_name_id}`, `DELETE /api/identity/sessions/{human_name_id}/{session_id}`. An ended session gets no token any
//! more; the one it has is good until its own end.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Page, Paging, Path, Query, strict_uuid};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;
use uuid::Uuid;

use crate::store::session as store;

/// Sessions that have not ended, a page of them.
///
/// # Errors
/// A problem.
pub async fn list(
    State(db): State<Db>,
    caller: Caller,
    Path(subject): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let subject = identifier(&subject)?;
    let (limit, after) = (paging.limit()?, paging.after()?);
    let rows = store::page(&db.on_behalf(&caller), subject, after, i64::from(limit) + 1).await?;
    let page = Page::of(rows, limit, |row| row.session_id);
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(page)).into_response())
}

/// Ends all of them: signed out everywhere. The same answer however often, and whether or not there are any.
///
/// # Errors
/// A problem.
pub async fn end_all(State(db): State<Db>, caller: Caller, Path(subject): Path<String>) -> Result<StatusCode, Problem> {
    store::end(&db.on_behalf(&caller), identifier(&subject)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one. The same answer however often: that it has ended is what was wanted.
///
/// # Errors
/// A problem.
pub async fn end(
    State(db): State<Db>,
    caller: Caller,
    Path((subject, session)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    store::end(&db.on_behalf(&caller), identifier(&subject)?, Some(identifier(&session)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn identifier(text: &str) -> Result<Uuid, Problem> {
    strict_uuid(text).ok_or_else(|| Problem::new(NOT_FOUND).detail("not an identifier: a UUID of 36 characters"))
}
