//! `GET /api/identity/audit`: what the audit log of this service holds, for staff who say why; of one person's data with `subject`. That somebody looks is in it from then on.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::audit::{self, Entry, Reason};
use rerp_kit::http::{Page, Paging, Query, strict_uuid};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::MALFORMED_ADDRESS;
use serde::Deserialize;
use serde_json::json;

/// What a look takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    reason: String,
    subject: Option<String>,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// A page, in the order of time.
///
/// # Errors
/// A problem.
pub async fn page(State(db): State<Db>, caller: Caller, Query(look): Query<Look>) -> Result<Response, Problem> {
    let reason = Reason::parse(&look.reason)?;
    let paging = Paging::of(look.limit, look.cursor);
    let (limit, after) = (paging.limit()?, paging.after()?);
    let wrong = || Problem::new(MALFORMED_ADDRESS).detail("`subject` must be an identifier: a UUID of 36 characters");
    let subject = look.subject.map(|text| strict_uuid(&text).ok_or_else(wrong)).transpose()?;
    let entry = Entry::new(&caller, "audit.read").because(&reason).with(json!({ "after": after, "limit": limit }));
    let entry = if let Some(subject) = subject { entry.about(subject) } else { entry };
    audit::note(&db, &entry).await?;
    let rows = audit::page(&db, after, subject, i64::from(limit) + 1).await?;
    let page = Page::of(rows, limit, |row| row.id);
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(page)).into_response())
}
