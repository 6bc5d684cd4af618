//! What visitors left, for staff who say why they look: `GET /api/marketing/leads` and `GET /api/marketing/messages`, and what is on record of looks at this service,
//! `GET /api/marketing/audit`. Every look is in that record. Must not log what it shows.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rerp_kit::access::Caller;
use rerp_kit::audit::{self, Errand, Order, Reason};
use rerp_kit::http::{Page, Paging, Query};
use rerp_kit::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::answer;
use crate::state::AppState;
use crate::store::lead::{self as store, Filter};

/// What a look takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Why, in one line.
    #[schemars(length(min = 3, max = 500), example = EXAMPLE)]
    reason: String,
    /// Of this form only.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[!-~]+$"))]
    source: Option<String>,
    /// How many rows make a page, 50 if it is left out.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// The `next_cursor` of the page before; the first page if it is left out.
    #[schemars(with = "Option<Uuid>")]
    cursor: Option<String>,
}

/// The same, of what has no source.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Glance {
    /// Why, in one line.
    #[schemars(length(min = 3, max = 500), example = EXAMPLE)]
    reason: String,
    /// How many rows make a page, 50 if it is left out.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// The `next_cursor` of the page before; the first page if it is left out.
    #[schemars(with = "Option<Uuid>")]
    cursor: Option<String>,
}

/// The same, of the record.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// Why, in one line.
    #[schemars(length(min = 3, max = 500), example = EXAMPLE)]
    reason: String,
    /// In which order rows come, the oldest first if it is left out. A cursor goes on in the order that it came in.
    order: Option<Order>,
    /// How many rows make a page, 50 if it is left out.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// The `next_cursor` of the page before; the first page if it is left out.
    #[schemars(with = "Option<Uuid>")]
    cursor: Option<String>,
}

/// A reason in the document.
const EXAMPLE: &str = "ticket 4711";

/// Captures, a page of them.
///
/// # Errors
/// A problem.
pub async fn leads(
    State(state): State<AppState>,
    caller: Caller,
    Query(look): Query<Look>,
) -> Result<Response, Problem> {
    let reason = Reason::parse(&look.reason)?;
    let (limit, after, most) = answer::paging(&Paging::of(look.limit, look.cursor))?;
    let filter = Filter { source: answer::source(look.source)?, until: None };
    let seen = json!({ "source": filter.source, "after": after, "limit": limit });
    let db = state.db.on_behalf(&caller).telling(Errand::at_hand().because(reason).with(seen));
    let rows = store::page(&db, &filter, after, most).await?;
    Ok(answer::private(StatusCode::OK, &Page::of(rows, limit, |row| row.id)))
}

/// Messages, a page of them.
///
/// # Errors
/// A problem.
pub async fn messages(
    State(state): State<AppState>,
    caller: Caller,
    Query(look): Query<Glance>,
) -> Result<Response, Problem> {
    let reason = Reason::parse(&look.reason)?;
    let (limit, after, most) = answer::paging(&Paging::of(look.limit, look.cursor))?;
    let seen = json!({ "after": after, "limit": limit });
    let db = state.db.on_behalf(&caller).telling(Errand::at_hand().because(reason).with(seen));
    let rows = store::messages(&db, after, most).await?;
    Ok(answer::private(StatusCode::OK, &Page::of(rows, limit, |row| row.id)))
}

/// What staff looked at or changed here, a page of it, in the order of time. It holds nothing of a person but identifiers; that somebody looks is in it from then on.
///
/// # Errors
/// A problem.
pub async fn audited(
    State(state): State<AppState>,
    caller: Caller,
    Query(look): Query<Trail>,
) -> Result<Response, Problem> {
    let reason = Reason::parse(&look.reason)?;
    let (limit, after, most) = answer::paging(&Paging::of(look.limit, look.cursor))?;
    let seen = json!({ "after": after, "limit": limit });
    audit::note(&state.db.on_behalf(&caller).telling(Errand::at_hand().because(reason).with(seen))).await?;
    let rows = audit::page(&state.db, look.order.unwrap_or_default(), after, None, most).await?;
    Ok(answer::private(StatusCode::OK, &Page::of(rows, limit, |row| row.id)))
}
