//! What was given up, for staff: the events in outbox and inbox that wait for a person to look, and letting one of them go on. In: the tables, those of both that a service
//! has. Out: handlers for its router, and what they are called in its document. Must not show what an event tells: identifiers and states only.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::running::{Replayed, replay_in};
use super::{inbox, outbox, running};
use crate::access::Caller;
use crate::access::Verb::{Get, Post};
use crate::audit::Errand;
use crate::http::{Page, Paging, Path, Query, strict_uuid};
use crate::openapi::Operation;
use crate::pool::{Db, DbError};
use crate::problem::Problem;
use crate::problem::catalogue::NOT_FOUND;

/// An event that was given up, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct DeadLetter {
    /// Of the event. No service hears itself, so it stands for one row.
    pub id: Uuid,
    /// `outbox`: it isn't published; `inbox`: it came, and has had no effect.
    #[schemars(extend("enum" = ["outbox", "inbox"]))]
    pub queue: String,
    /// Name of its type.
    pub event: String,
    /// What it is about. Events of the same that come after it wait for it.
    pub subject_id: Uuid,
    /// Its number among the events of its subject.
    pub sequence: i64,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it was given up.
    pub error: Option<String>,
    /// When it was written down here.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
    /// When it was given up.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub dead_at: Timestamp,
}

/// A page, in the order of identifiers.
///
/// # Errors
/// A problem.
pub async fn page(State(db): State<Db>, caller: Caller, Query(paging): Query<Paging>) -> Result<Response, Problem> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let errand = Errand::at_hand().with(json!({ "after": after, "limit": limit }));
    let rows = given_up(&db.on_behalf(&caller).telling(errand), after, i64::from(limit) + 1).await?;
    let page = Page::of(rows, limit, |row| row.id);
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(page)).into_response())
}

/// Lets one event go on, for whoever says why, as `replay` of the program does with all of them. What goes on already, and what there isn't, is not found.
///
/// # Errors
/// A problem.
pub async fn replay(State(db): State<Db>, caller: Caller, Path(text): Path<String>) -> Result<StatusCode, Problem> {
    let errand = Errand::with_reason()?;
    let none = || {
        Problem::new(NOT_FOUND).detail("no event of this identifier is given up: it goes on already, or there is none")
    };
    let id = strict_uuid(&text).ok_or_else(none)?;
    // Not repeated once it may have been done: the second time would find nothing, and say so.
    let replayed = db
        .on_behalf(&caller)
        .telling(errand)
        .transaction(&id, |session, id| Box::pin(replay_in(session, Some(*id))))
        .await?;
    if replayed == Replayed::default() { Err(none()) } else { Ok(StatusCode::NO_CONTENT) }
}

/// Both routes in a service's document.
#[must_use]
pub fn described(page: &'static str, replay: &'static str) -> Vec<Operation> {
    let list = Operation::new(
        Get,
        page,
        "list_dead_letters",
        "Events that were given up, to be published or to have their effect",
    );
    let one = Operation::new(Post, replay, "replay_dead_letter", "Lets an event that was given up go on");
    vec![
        list.pages::<DeadLetter>("A page of events").with("Cache-Control", "`no-store`: it is for staff", true),
        one.identifier("id", "The event", "0191f7a1-3f0c-7000-8000-0000000000d1")
            .reasoned()
            .empty(204, "It goes on within seconds, and what waits for it after it"),
    ]
}

/// Up to `most` events of each table after the identifier `after`, in the order of identifiers.
async fn given_up(db: &Db, after: Uuid, most: i64) -> Result<Vec<DeadLetter>, DbError> {
    db.run(&(after, most), |session, (after, most)| {
        Box::pin(async move {
            let (has_outbox, has_inbox) = running::tables(session).await?;
            let mut found = Vec::new();
            for (_, dead) in [(has_outbox, outbox::DEAD), (has_inbox, inbox::DEAD)].into_iter().filter(|(has, _)| *has)
            {
                let rows: Vec<DeadLetter> =
                    sqlx::query_as(dead).bind(after).bind(most).fetch_all(session.conn()).await?;
                found.extend(rows);
            }
            found.sort_unstable_by_key(|row| row.id);
            Ok(found)
        })
    })
    .await
}
