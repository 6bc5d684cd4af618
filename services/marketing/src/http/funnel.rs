//! `GET /api/marketing/funnel`: what came of each form, in numbers, for staff. In: a span of time; out: a page of forms in the order of their names.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use rerp_kit::http::{Paging, Query};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::MALFORMED_ADDRESS;
use serde::{Deserialize, Serialize};

use super::answer;
use crate::domain::span::Span;
use crate::state::AppState;
use crate::store::funnel::{self as store, Step};

/// What counting takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    from: Option<String>,
    to: Option<String>,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// A page. Its key is a form's name, not an identifier.
#[derive(Serialize)]
struct Counted {
    from: Timestamp,
    to: Timestamp,
    items: Vec<Step>,
    next_cursor: Option<String>,
}

/// Counts.
///
/// # Errors
/// A problem.
pub async fn by_source(State(state): State<AppState>, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    let wrong = |why: &str| Problem::new(MALFORMED_ADDRESS).detail(why);
    let span = Span::parse(wish.from.as_deref(), wish.to.as_deref(), Timestamp::now()).map_err(wrong)?;
    let limit = Paging::of(wish.limit, None).limit()?;
    let after = answer::source(wish.cursor)?.unwrap_or_default();
    let mut items = store::page(&state.db, span, &after, i64::from(limit) + 1).await?;
    let is_last = items.len() <= usize::from(limit);
    items.truncate(usize::from(limit));
    let next_cursor = items.last().filter(|_| !is_last).map(|step| step.source.clone());
    Ok(answer::private(StatusCode::OK, &Counted { from: span.from, to: span.to, items, next_cursor }))
}
