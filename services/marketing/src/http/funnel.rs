//! `GET /api/marketing/funnel`: what came of each form, in numbers, for staff. In: a span of time; out: a page of forms in the order of their names.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::{Paging, Query};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer;
use crate::domain::span::Span;
use crate::state::AppState;
use crate::store::funnel::{self as store, Step};

/// What counting takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// Since then; 30 days before the end if it is left out.
    #[schemars(extend("format" = "date-time"))]
    from: Option<String>,
    /// Until then, 366 days later at most; now if it is left out.
    #[schemars(extend("format" = "date-time"))]
    to: Option<String>,
    /// How many forms make a page, 50 if it is left out.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// The `next_cursor` of the page before; the first page if it is left out.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[!-~]+$"))]
    cursor: Option<String>,
}

/// A page. Its key is a form's name, not an identifier.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Funnel")]
pub struct Counted {
    /// Since then.
    from: Timestamp,
    /// Until then.
    to: Timestamp,
    /// The forms.
    items: Vec<Step>,
    /// What to ask the next page with; none if this is the last one.
    next_cursor: Option<String>,
}

/// Counts.
///
/// # Errors
/// A problem.
pub async fn by_source(
    State(state): State<AppState>,
    caller: Caller,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let wrong = |why: &str| Problem::new(INVALID_VALUE).detail(why);
    let span = Span::parse(wish.from.as_deref(), wish.to.as_deref(), Timestamp::now()).map_err(wrong)?;
    let limit = Paging::of(wish.limit, None).limit()?;
    let after = answer::source(wish.cursor)?.unwrap_or_default();
    let mut items = store::page(&state.db.on_behalf(&caller), span, &after, i64::from(limit) + 1).await?;
    let is_last = items.len() <= usize::from(limit);
    items.truncate(usize::from(limit));
    let next_cursor = items.last().filter(|_| !is_last).map(|step| step.source.clone());
    Ok(answer::private(StatusCode::OK, &Counted { from: span.from, to: span.to, items, next_cursor }))
}
