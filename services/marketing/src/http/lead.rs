//! What visitors left, for staff who say why they look: `GET /api/marketing/leads` and `GET /api/marketing/messages`, and what the audit log of this service holds,
//! `GET /api/marketing/audit`. Every look is in that log. Must not log what it shows.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rerp_kit::access::Caller;
use rerp_kit::audit::{self, Entry, Reason};
use rerp_kit::http::{Page, Paging, Query};
use rerp_kit::problem::Problem;
use serde::Deserialize;
use serde_json::json;

use super::answer;
use crate::state::AppState;
use crate::store::lead::{self as store, Filter};

/// What a look takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    reason: String,
    source: Option<String>,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// The same, of what has no source.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Glance {
    reason: String,
    limit: Option<u16>,
    cursor: Option<String>,
}

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
    let entry = Entry::new(&caller, "leads.read").because(&reason).with(seen);
    let rows = store::shown(&state.db, &filter, after, most, &entry).await?;
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
    let entry = Entry::new(&caller, "messages.read").because(&reason).with(seen);
    let rows = store::messages(&state.db, after, most, &entry).await?;
    Ok(answer::private(StatusCode::OK, &Page::of(rows, limit, |row| row.id)))
}

/// The audit log, a page of it, in the order of time. It holds nothing of a person but identifiers; that somebody looks is in it from then on.
///
/// # Errors
/// A problem.
pub async fn audited(
    State(state): State<AppState>,
    caller: Caller,
    Query(look): Query<Glance>,
) -> Result<Response, Problem> {
    let reason = Reason::parse(&look.reason)?;
    let (limit, after, most) = answer::paging(&Paging::of(look.limit, look.cursor))?;
    let entry = Entry::new(&caller, "audit.read").because(&reason).with(json!({ "after": after, "limit": limit }));
    audit::note(&state.db, &entry).await?;
    let rows = audit::page(&state.db, after, None, most).await?;
    Ok(answer::private(StatusCode::OK, &Page::of(rows, limit, |row| row.id)))
}
