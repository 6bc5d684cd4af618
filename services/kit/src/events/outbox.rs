//! The SQL of `outbox` and `outbox_subjects`. In come events; out go what is to be published, and marks that it was. Must not talk to a broker.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use uuid::Uuid;

use super::catalogue::Event;
use super::looks::{Reach, SWEEPS, SWEPT};
use crate::http::context;
use crate::pool::{Db, DbError, Session};

/// The tables, as each service that announces something has them in a migration.
pub const DDL: &str = include_str!("outbox.sql");

/// How many events a claim takes.
const BATCH: i64 = 64;
/// How long a claim holds: longer than publishing may take, so that two relays don't publish one event at the same time.
const LEASE: &str = "1 minute";
/// How often the broker may refuse an event before a person has to look.
const MOST_ATTEMPTS: i32 = 10;
/// How long published events are kept, to look at.
const KEPT: &str = "3 days";
/// How long events are kept that nobody publishes, because this platform has no broker: a broker that is added within that time gets them. A move of
/// the database copies all of them, so it is hours and not days.
const KEPT_UNHEARD: &str = "6 hours";

/// The insert into `outbox` stands in a part of its own, as in `telling`: the tables at the top of a prepared statement are locked before those
/// in its parts, and a cutover, which locks the older table first, would wait for a statement that waits for it.
const PUBLISH: &str = "WITH next AS (INSERT INTO outbox_subjects AS s (subject, last) VALUES ($3, 2) \
     ON CONFLICT (subject) DO UPDATE SET last = s.last + 1 RETURNING last), \
     told AS (INSERT INTO outbox (id, type, subject, sequence, data, trace) SELECT $1, $2, $3, next.last, $4, $5 FROM next RETURNING 1) \
     SELECT 1 FROM told";
/// Nothing is counted where there is nothing to count: most subjects have one event for ever.
const PUBLISH_FIRST: &str =
    "INSERT INTO outbox (id, type, subject, sequence, data, trace) VALUES ($1, $2, $3, 1, $4, $5)";
/// Of each subject the first that isn't published, and nothing behind it. What is locked is another relay's.
const CLAIM: &str = "UPDATE outbox SET due_at = now() + $1::interval WHERE id IN (SELECT o.id FROM outbox AS o \
     WHERE o.published_at IS NULL AND o.dead_at IS NULL AND o.due_at <= now() AND o.due_at > now() - $3::interval AND NOT EXISTS \
     (SELECT FROM outbox AS e WHERE e.subject = o.subject AND e.sequence < o.sequence AND e.published_at IS NULL) \
     ORDER BY o.due_at LIMIT $2 FOR UPDATE OF o SKIP LOCKED) \
     RETURNING id, type, subject, sequence, data, trace, created_at, created_at < now() - interval '1 minute' AS old";
/// Wakes the next one of each subject, which may sleep: see `ASIDE`.
const PUBLISHED: &str = "WITH done AS (UPDATE outbox SET published_at = now(), error = NULL WHERE id = ANY ($1) AND published_at IS NULL \
     RETURNING subject, sequence) UPDATE outbox AS o SET due_at = now() FROM done, LATERAL (SELECT n.id FROM outbox AS n \
     WHERE n.subject = done.subject AND n.sequence > done.sequence AND n.published_at IS NULL AND n.id <> ALL ($1) \
     ORDER BY n.sequence LIMIT 1) AS next WHERE o.id = next.id";
/// What is behind another sleeps, or every claim would look at all that wait behind one that is dead or under way. What is locked is about to be woken,
/// and what was woken meanwhile is left awake. Should somebody be lost in between, it wakes by itself.
const ASIDE: &str = "WITH behind AS (SELECT o.id FROM (SELECT id, subject, sequence FROM outbox WHERE published_at IS NULL AND dead_at IS NULL \
     AND due_at < now() - interval '10 seconds' ORDER BY due_at LIMIT 5000) AS o WHERE EXISTS \
     (SELECT FROM outbox AS e WHERE e.subject = o.subject AND e.sequence < o.sequence AND e.published_at IS NULL)), \
     free AS (SELECT id FROM outbox WHERE id IN (SELECT id FROM behind) AND published_at IS NULL \
     AND due_at < now() - interval '10 seconds' FOR UPDATE SKIP LOCKED) \
     UPDATE outbox SET due_at = now() + interval '10 minutes' WHERE id IN (SELECT id FROM free)";
/// Not at once: what nobody may publish now, while everything else is published, would take its place in every claim.
const BACK: &str =
    "UPDATE outbox SET due_at = now() + interval '15 seconds' WHERE id = ANY ($1) AND published_at IS NULL";
/// The pause doubles from two seconds to ten minutes.
const REFUSED: &str = "UPDATE outbox SET attempts = attempts + 1, error = $2, \
     due_at = now() + least(interval '2 seconds' * power(2, least(attempts, 10)), interval '10 minutes'), \
     dead_at = CASE WHEN attempts + 1 >= $3 THEN now() END WHERE id = $1 AND published_at IS NULL";
const REPLAY: &str = "UPDATE outbox SET dead_at = NULL, attempts = 0, due_at = now() \
     WHERE dead_at IS NOT NULL AND published_at IS NULL";
/// Bounded: what waits may be millions, and every pod counts every few seconds.
const STATE: &str = "SELECT count(*), (SELECT count(*) FROM \
     (SELECT FROM outbox WHERE dead_at IS NOT NULL AND published_at IS NULL LIMIT 10000) AS d), \
     coalesce(extract(epoch FROM now() - min(created_at)), 0)::bigint FROM \
     (SELECT created_at FROM outbox WHERE published_at IS NULL AND dead_at IS NULL ORDER BY due_at LIMIT 10000) AS w";
const SWEEP: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE published_at < now() - $1::interval \
     ORDER BY published_at LIMIT 1000 FOR UPDATE SKIP LOCKED)";
const SWEEP_UNHEARD: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox \
     WHERE published_at IS NULL AND dead_at IS NULL AND due_at < now() - $1::interval ORDER BY due_at LIMIT 1000 FOR UPDATE SKIP LOCKED)";

/// The text of a statement that changes something and tells of it, in one round trip and, by itself, in one transaction: for what is too frequent to be told
/// by [`publish_first`]. The change is a statement that touches one row at most; `$1` is the event's subject in it, and its other parameters begin at `$6`.
/// The event is the first of its subject, so there must be one such change of a subject. What the statement affects is the one event, or nothing where
/// nothing was changed. The function of the same name binds the event.
///
/// The table that is changed must be older than `outbox`: a cutover locks tables in that order, and so does this.
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

/// An event that is to be published.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Waiting {
    /// Of the event.
    pub id: Uuid,
    /// Name of its type.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// What it is about.
    pub subject: Uuid,
    /// Its number among the events of its subject.
    pub sequence: i64,
    /// What it tells.
    pub data: Value,
    /// The request that caused it.
    pub trace: Option<String>,
    /// When it was written down.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
    /// Whether that was more than a minute ago.
    pub old: bool,
}

/// How much waits. Nobody counts beyond 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Events to be published.
    pub waiting: i64,
    /// Events that were given up.
    pub dead: i64,
    /// Age of the oldest of those that were counted as waiting, in seconds; 0 if there is none.
    pub age_s: i64,
}

/// Writes an event down in the transaction of what it tells of, and gives its identifier. Only what had its effect in this attempt may be told:
/// an attempt that finds the effect of the one before, whose answer was lost, must not tell it again.
///
/// The subject stays locked until the transaction ends, and a cutover locks these tables after all others, so this comes last in it; of several
/// subjects in the order of their identifiers, or two transactions may wait for each other until one is repeated.
///
/// # Errors
/// The driver's.
pub async fn publish<E: Event>(session: &mut Session, event: &E) -> Result<Uuid, sqlx::Error> {
    write(session, PUBLISH, event).await
}

/// The same for what tells of the beginning of its subject, or is all that is ever told of it: there is one such event of a subject, and a second
/// one is refused. It has the number 1; those of [`publish`] begin at 2.
///
/// # Errors
/// The driver's.
pub async fn publish_first<E: Event>(session: &mut Session, event: &E) -> Result<Uuid, sqlx::Error> {
    write(session, PUBLISH_FIRST, event).await
}

async fn write<E: Event>(session: &mut Session, statement: &'static str, event: &E) -> Result<Uuid, sqlx::Error> {
    let (id, data) = (Uuid::now_v7(), serde_json::to_value(event).map_err(|error| sqlx::Error::Encode(error.into()))?);
    let insert = sqlx::query(statement).bind(id).bind(E::TYPE).bind(event.subject()).bind(data);
    insert.bind(context::request_id()).execute(session.conn()).await?;
    Ok(id)
}

/// A statement of the macro `telling`, with everything of the event bound: what the change itself takes comes next.
///
/// # Errors
/// `Encode`, when the event can't be written as JSON: a bug.
pub fn telling<E: Event>(
    statement: &'static str,
    event: &E,
) -> Result<Query<'static, Postgres, PgArguments>, sqlx::Error> {
    let data = serde_json::to_value(event).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let query = sqlx::query(statement).bind(event.subject()).bind(Uuid::now_v7()).bind(E::TYPE);
    Ok(query.bind(data).bind(context::request_id()))
}

/// Takes events that are due within a reach, at most one of each subject. Whoever takes one and is gone leaves it to the next after the lease.
///
/// # Errors
/// See [`DbError`].
pub async fn claim(db: &Db, reach: Reach) -> Result<Vec<Waiting>, DbError> {
    db.run(&(), move |session, ()| {
        let claim = sqlx::query_as(CLAIM).bind(LEASE).bind(BATCH).bind(reach.interval());
        Box::pin(async move { claim.fetch_all(session.conn()).await })
    })
    .await
}

/// Marks events as published, and wakes what comes next.
///
/// # Errors
/// See [`DbError`]; they are published again after the lease, under the same identifiers.
pub async fn published(db: &Db, ids: &[Uuid]) -> Result<(), DbError> {
    mark(db, PUBLISHED, ids).await
}

/// Gives claimed events back: the broker can't take them now, which is no fault of theirs. They are due again in a while.
///
/// # Errors
/// See [`DbError`]; they are taken up after the lease.
pub async fn give_back(db: &Db, ids: &[Uuid]) -> Result<(), DbError> {
    mark(db, BACK, ids).await
}

async fn mark(db: &Db, statement: &'static str, ids: &[Uuid]) -> Result<(), DbError> {
    if ids.is_empty() {
        return Ok(());
    }
    db.run(ids, move |session, ids| {
        Box::pin(async move { sqlx::query(statement).bind(ids).execute(session.conn()).await.map(drop) })
    })
    .await
}

/// Puts an event off that the broker refused, or gives it up after too many attempts. `error` must hold nothing of the event.
///
/// # Errors
/// See [`DbError`].
pub async fn refused(db: &Db, id: Uuid, error: &str) -> Result<(), DbError> {
    db.run(&(id, error), |session, (id, error)| {
        let query = sqlx::query(REFUSED).bind(*id).bind(*error).bind(MOST_ATTEMPTS);
        Box::pin(async move { query.execute(session.conn()).await.map(drop) })
    })
    .await
}

/// Lets events that were given up be published once more. How many there are.
///
/// # Errors
/// See [`DbError`].
pub async fn replay(db: &Db) -> Result<u64, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move { Ok(sqlx::query(REPLAY).execute(session.conn()).await?.rows_affected()) })
    })
    .await
}

/// How much waits.
///
/// # Errors
/// See [`DbError`].
pub async fn state(db: &Db) -> Result<State, DbError> {
    let (waiting, dead, age_s): (i64, i64, i64) = db
        .run(&(), |session, ()| Box::pin(async move { sqlx::query_as(STATE).fetch_one(session.conn()).await }))
        .await?;
    Ok(State { waiting, dead, age_s })
}

/// Lets events sleep that are behind another of their subject, a bounded number of them.
///
/// # Errors
/// See [`DbError`].
pub async fn lay_aside(db: &Db) -> Result<(), DbError> {
    db.run(&(), |session, ()| Box::pin(async move { sqlx::query(ASIDE).execute(session.conn()).await.map(drop) })).await
}

/// Deletes published events that are old enough, a bounded number of them. How many.
///
/// # Errors
/// See [`DbError`].
pub async fn sweep(db: &Db) -> Result<u64, DbError> {
    delete(db, SWEEP, KEPT).await
}

/// Deletes old events where there is no broker to publish them to, a bounded number of them. How many.
///
/// # Errors
/// See [`DbError`].
pub async fn sweep_unheard(db: &Db) -> Result<u64, DbError> {
    delete(db, SWEEP_UNHEARD, KEPT_UNHEARD).await
}

async fn delete(db: &Db, statement: &'static str, kept: &'static str) -> Result<u64, DbError> {
    let mut all = 0;
    for _ in 0..SWEEPS {
        let gone = delete_some(db, statement, kept).await?;
        all += gone;
        if gone < SWEPT {
            break;
        }
    }
    Ok(all)
}

async fn delete_some(db: &Db, statement: &'static str, kept: &'static str) -> Result<u64, DbError> {
    db.run(&(), move |session, ()| {
        Box::pin(async move { Ok(sqlx::query(statement).bind(kept).execute(session.conn()).await?.rows_affected()) })
    })
    .await
}
