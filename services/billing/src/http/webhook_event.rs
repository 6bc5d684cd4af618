//! Stripe's events as staff see them: `GET /api/billing/webhooks/stripe/events`, and `POST …/{id}/replay`, which has one worked on again. Must not show what an event
//! says: nobody keeps that.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::audit::Errand;
use rerp_kit::http::{Paging, Path, Query};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ENDED, MALFORMED_ADDRESS, NOT_FOUND};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::event::is_identifier;
use crate::store::webhook_event::{self as store, Again, STATES, Stored, Wanted};

/// What a list takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Those in this state only: `waiting`, `dead` (a person has to look) or `done`.
    #[schemars(extend("enum" = STATES))]
    state: Option<String>,
    /// How many events make a page, 50 if it is left out.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// The `next_cursor` of the page before; the first page if it is left out.
    #[schemars(regex(pattern = "^[0-9]{1,16}-[A-Za-z0-9_]{1,255}$"))]
    cursor: Option<String>,
}

/// A page of events, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOfWebhookEvent")]
pub struct Events {
    /// The events.
    pub items: Vec<Stored>,
    /// What to ask the next page with; none if this is the last one.
    pub next_cursor: Option<String>,
}

/// A page.
///
/// # Errors
/// A problem.
pub async fn list(State(db): State<Db>, caller: Caller, Query(look): Query<Look>) -> Result<Response, Problem> {
    let wrong = |what: &str| Problem::new(MALFORMED_ADDRESS).detail(what.to_owned());
    if look.state.as_ref().is_some_and(|state| !STATES.contains(&state.as_str())) {
        return Err(wrong("`state` must be waiting, dead or done"));
    }
    let limit = Paging::of(look.limit, None).limit()?;
    let before = match &look.cursor {
        Some(cursor) => read(cursor).ok_or_else(|| wrong("`cursor` must be a `next_cursor` of this list"))?,
        None => (Timestamp::MAX, String::new()),
    };
    let errand = Errand::at_hand().with(json!({ "state": look.state, "cursor": look.cursor, "limit": limit }));
    let wanted = Wanted { state: look.state, before, most: i64::from(limit) + 1 };
    let mut items = store::page(&db.on_behalf(&caller).telling(errand), &wanted).await?;
    let is_last = items.len() <= usize::from(limit);
    items.truncate(usize::from(limit));
    let next_cursor = items.last().filter(|_| !is_last).map(|event| written(event.received_at, &event.id));
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(Events { items, next_cursor })).into_response())
}

/// Has an event worked on again, for whoever says why. Twice has the effect of once.
///
/// # Errors
/// A problem.
pub async fn replay(State(db): State<Db>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let errand = Errand::with_reason()?;
    let unknown = || Problem::new(NOT_FOUND).detail("no event of this identifier is kept: Stripe can send it again");
    if !is_identifier(&id) {
        return Err(unknown());
    }
    // Not a person's, and no UUID: it isn't in the record by itself.
    let db = db.on_behalf(&caller).telling(errand.with(json!({ "event": id })));
    match store::again(&db, &id).await? {
        Again::Due => Ok(StatusCode::NO_CONTENT),
        Again::Unneeded => {
            Err(Problem::new(ENDED).detail("nobody here needs events of this type: there is nothing to fetch"))
        }
        Again::Unknown => Err(unknown()),
    }
}

fn written(at: Timestamp, id: &str) -> String {
    format!("{}-{id}", at.as_microsecond())
}

fn read(cursor: &str) -> Option<(Timestamp, String)> {
    let (micros, id) = cursor.split_once('-')?;
    let at = Timestamp::from_microsecond(micros.parse().ok()?).ok()?;
    is_identifier(id).then(|| (at, id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let at: Timestamp = "2026-11-26T08:00:00.123456Z".parse().unwrap();
        assert_eq!(read(&written(at, "evt_1")), Some((at, "evt_1".to_owned())));
        for cursor in ["", "-", "1", "1-", "-evt_1", "x-evt_1", "1-evt 1", "99999999999999999999-evt_1"] {
            assert_eq!(read(cursor), None, "{cursor}");
        }
    }
}
