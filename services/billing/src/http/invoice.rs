//! `GET /api/billing/invoices/{account_id}`: what an account was asked to pay, and what became of it.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Page, Paging, Path, Query};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;

use super::answer;
use crate::store::invoice as store;

/// The invoices of an account's subscriptions that the caller has asked for, a page of them, the newest last.
///
/// # Errors
/// A problem.
pub async fn of_account(
    State(db): State<Db>,
    caller: Caller,
    Path(account): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let account = answer::identifier(&account)?;
    let (limit, after) = (paging.limit()?, paging.after()?);
    // One more than asked for tells whether there is a next page.
    let rows = store::page(&db.on_behalf(&caller), account, caller.reach(), after, i64::from(limit) + 1).await?;
    let rows = rows.ok_or_else(|| Problem::new(NOT_FOUND).detail("this account has never had a subscription"))?;
    let page = Page::of(rows, limit, |row| row.invoice_id);
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(page)).into_response())
}
