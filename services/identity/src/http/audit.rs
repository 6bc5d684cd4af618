//! `GET /api/identity/audit`: what staff looked at or changed here, for staff who say why; of one person's data with `subject`. That somebody looks is on record from then on.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::audit::{self, Errand, Order, Reason};
use rerp_kit::http::{Page, Paging, Query, strict_uuid};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::MALFORMED_ADDRESS;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

/// A reason in the document.
const EXAMPLE: &str = "ticket 4711";

/// What a look takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Why, in one line.
    #[schemars(length(min = 3, max = 500), example = EXAMPLE)]
    reason: String,
    /// Of this person's data only.
    #[schemars(with = "Option<Uuid>")]
    subject: Option<String>,
    /// How many rows make a page, 50 if it is left out.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// In which order rows come, the oldest first if it is left out. A cursor goes on in the order that it came in.
    order: Option<Order>,
    /// The `next_cursor` of the page before; the first page if it is left out.
    #[schemars(with = "Option<Uuid>")]
    cursor: Option<String>,
}

/// A page, in the order of time or the other way round.
///
/// # Errors
/// A problem.
pub async fn page(State(db): State<Db>, caller: Caller, Query(look): Query<Look>) -> Result<Response, Problem> {
    let reason = Reason::parse(&look.reason)?;
    let paging = Paging::of(look.limit, look.cursor);
    let (limit, after) = (paging.limit()?, paging.after()?);
    let wrong = || Problem::new(MALFORMED_ADDRESS).detail("`subject` must be an identifier: a UUID of 36 characters");
    let subject = look.subject.map(|text| strict_uuid(&text).ok_or_else(wrong)).transpose()?;
    let errand = Errand::at_hand().because(reason).with(json!({ "after": after, "limit": limit }));
    let errand = if let Some(subject) = subject { errand.about(subject) } else { errand };
    audit::note(&db.on_behalf(&caller).telling(errand)).await?;
    let rows = audit::page(&db, look.order.unwrap_or_default(), after, subject, i64::from(limit) + 1).await?;
    let page = Page::of(rows, limit, |row| row.id);
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(page)).into_response())
}
