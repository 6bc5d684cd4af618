//! `GET /api/fte/modules/{code}/statistics`: how a module's questions do, for staff who write them. In: a page's key; out: numbers.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rerp_kit::access::Caller;
use rerp_kit::http::{Page, Paging, Path, Query};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;

use super::answer;
use crate::store::statistics as store;

/// A page of questions, each in its newest version.
///
/// # Errors
/// A problem.
pub async fn of_module(
    State(db): State<Db>,
    caller: Caller,
    Path(code): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    // One more than asked for tells whether there is a next page.
    let rows = store::of_module(&db.on_behalf(&caller), &code, after, i64::from(limit) + 1).await?;
    let rows = rows.ok_or_else(|| answer::nothing("module"))?;
    Ok(answer::private(StatusCode::OK, &Page::of(rows, limit, |row| row.question_id)))
}
