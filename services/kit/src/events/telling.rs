//! A change and what it tells of in one statement: one round trip and, by itself, one transaction, for what is too frequent to be told by
//! [`publish_first`](super::publish_first). In come a change and its events; out goes a statement, with everything of the events bound. Must not run it.
//!
//! Both parts are behind each other in one statement so that their tables are locked in that order: the table that is changed must be older than `outbox`,
//! for a cutover locks tables from the oldest to the youngest, and so does this.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::{Query, QueryScalar};
use uuid::Uuid;

use super::catalogue::Event;
use crate::http::context;

/// The text of a statement that changes one thing at most and tells of it. `$1` is the event's subject in the change, whose other parameters begin at `$6`.
/// The event is the first of its subject, so there must be one such change of a subject. What the statement affects is the one event, or nothing where
/// nothing was changed. The function of the same name binds the event.
#[macro_export]
macro_rules! telling {
    ($change:literal) => {
        concat!(
            "WITH change AS (",
            $change,
            " RETURNING 1), told AS (INSERT INTO outbox (subject, id, type, data, trace, sequence) \
             SELECT $1, $2, $3, $4, $5, 1 FROM change RETURNING 1) SELECT 1 FROM told"
        )
    };
}

/// The same for a change of many things. `$1` are the events' subjects, as an array, in the change, whose other parameters begin at `$6`; `$subject` is the
/// column of the changed table that holds the subject. Of what the change leaves as it is, nothing is told. What comes back are the subjects of
/// what was told. The function of the same name binds the events.
#[macro_export]
macro_rules! telling_each {
    ($change:literal, $subject:literal) => {
        concat!(
            "WITH change AS (",
            $change,
            " RETURNING ",
            $subject,
            " AS subject), told AS (INSERT INTO outbox (subject, id, type, data, trace, sequence) \
             SELECT e.subject, e.id, $3, e.data, e.trace, 1 FROM change \
             JOIN unnest($1::uuid[], $2::uuid[], $4::jsonb[], $5::text[]) AS e (subject, id, data, trace) \
             ON e.subject = change.subject RETURNING subject) SELECT subject FROM told"
        )
    };
}

/// A statement of the macro `telling`, with everything of the event bound: what the change itself takes comes next.
///
/// # Errors
/// `Encode`, when the event can't be written as JSON: a bug.
pub fn telling<E: Event>(
    statement: &'static str,
    event: &E,
) -> Result<Query<'static, Postgres, PgArguments>, sqlx::Error> {
    let query = sqlx::query(statement).bind(event.subject()).bind(Uuid::now_v7()).bind(E::TYPE);
    Ok(query.bind(written(event)?).bind(context::request_id()))
}

/// A statement of the macro `telling_each`, with everything of the events bound, each beside the identifier of the request that causes it: what the change
/// itself takes comes next.
///
/// # Errors
/// `Encode`, when an event can't be written as JSON: a bug.
pub fn telling_each<E: Event>(
    statement: &'static str,
    events: &[(E, Option<String>)],
) -> Result<QueryScalar<'static, Postgres, Uuid, PgArguments>, sqlx::Error> {
    let subjects: Vec<Uuid> = events.iter().map(|(event, _)| event.subject()).collect();
    let ids: Vec<Uuid> = events.iter().map(|_| Uuid::now_v7()).collect();
    let data: Vec<serde_json::Value> = events.iter().map(|(event, _)| written(event)).collect::<Result<_, _>>()?;
    let traces: Vec<Option<String>> = events.iter().map(|(_, request)| request.clone()).collect();
    Ok(sqlx::query_scalar(statement).bind(subjects).bind(ids).bind(E::TYPE).bind(data).bind(traces))
}

fn written<E: Event>(event: &E) -> Result<serde_json::Value, sqlx::Error> {
    serde_json::to_value(event).map_err(|error| sqlx::Error::Encode(error.into()))
}
