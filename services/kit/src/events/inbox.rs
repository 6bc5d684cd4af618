//! The SQL of `inbox`. In come events; out go those whose effect is due, once each. Must not know what an event does.

use uuid::Uuid;

use super::Envelope;
use super::looks::{Reach, SWEEPS, SWEPT};
use crate::pool::{Db, DbError, Session};

/// The table, as each service that wants events has it in a migration.
pub const DDL: &str = include_str!("inbox.sql");

/// How many events a claim takes.
const BATCH: i64 = 16;
/// How long a claim holds: about what its events may take. Longer costs a repetition that finds the event done.
const LEASE: &str = "1 minute";
/// How often an effect may fail before a person has to look.
const MOST_ATTEMPTS: i32 = 12;
/// How often it may be begun. More than it may fail: an effect that ends its pod never fails, and must end nevertheless.
const MOST_CLAIMS: i32 = MOST_ATTEMPTS + 8;
/// How long an event that is done is remembered: longer than a broker keeps one.
const KEPT: &str = "30 days";

const PUT: &str = "INSERT INTO inbox (id, type, source, subject, sequence, envelope, parked_at) \
     VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN now() END) ON CONFLICT (id) DO NOTHING";
/// Of each subject of each service the first that isn't done, and nothing behind it; of types that this program knows. Begun too often, it is given up.
const CLAIM: &str = "UPDATE inbox SET attempts = attempts + 1, due_at = now() + $1::interval, \
     dead_at = CASE WHEN attempts >= $4 THEN now() END, \
     error = CASE WHEN attempts >= $4 THEN 'begun too often, and never ended' ELSE error END WHERE id IN (SELECT i.id FROM inbox AS i \
     WHERE i.done_at IS NULL AND i.dead_at IS NULL AND i.parked_at IS NULL AND i.due_at <= now() AND i.due_at > now() - $5::interval AND i.type = ANY ($3) AND NOT EXISTS \
     (SELECT FROM inbox AS e WHERE e.source = i.source AND e.subject = i.subject AND e.sequence < i.sequence AND e.done_at IS NULL) \
     ORDER BY i.due_at LIMIT $2 FOR UPDATE OF i SKIP LOCKED) RETURNING id, type, envelope, dead_at IS NOT NULL AS dead, received_at < now() - interval '10 seconds' AS old";
/// Wakes the next one of the subject, which may sleep: see `ASIDE`.
const DONE: &str = "WITH done AS (UPDATE inbox SET done_at = now(), envelope = NULL, error = NULL WHERE id = $1 AND done_at IS NULL \
     RETURNING source, subject, sequence), woken AS (UPDATE inbox AS i SET due_at = now() FROM done, LATERAL (SELECT n.id FROM inbox AS n \
     WHERE n.source = done.source AND n.subject = done.subject AND n.sequence > done.sequence AND n.done_at IS NULL \
     ORDER BY n.sequence LIMIT 1) AS next WHERE i.id = next.id) SELECT count(*) FROM done";
/// What is behind another sleeps, or every claim would look at all that wait behind one that is dead or parked. What is locked is about to be woken, and
/// what was woken meanwhile is left awake. Should somebody be lost in between, it wakes by itself.
const ASIDE: &str = "WITH behind AS (SELECT i.id FROM (SELECT id, source, subject, sequence FROM inbox WHERE done_at IS NULL AND dead_at IS NULL \
     AND parked_at IS NULL AND due_at < now() - interval '10 seconds' ORDER BY due_at LIMIT 5000) AS i WHERE EXISTS \
     (SELECT FROM inbox AS e WHERE e.source = i.source AND e.subject = i.subject AND e.sequence < i.sequence AND e.done_at IS NULL)), \
     free AS (SELECT id FROM inbox WHERE id IN (SELECT id FROM behind) AND done_at IS NULL \
     AND due_at < now() - interval '10 seconds' FOR UPDATE SKIP LOCKED) \
     UPDATE inbox SET due_at = now() + interval '10 minutes' WHERE id IN (SELECT id FROM free)";
/// The pause doubles from two seconds to ten minutes.
const FAILED: &str = "UPDATE inbox SET error = $2, \
     due_at = now() + least(interval '1 second' * power(2, least(attempts, 10)), interval '10 minutes'), \
     dead_at = CASE WHEN attempts >= $3 THEN now() END WHERE id = $1 AND done_at IS NULL RETURNING dead_at IS NOT NULL";
const UNPARK: &str = "UPDATE inbox SET parked_at = NULL, due_at = now() \
     WHERE parked_at IS NOT NULL AND done_at IS NULL AND type = ANY ($1)";
const REPLAY: &str = "UPDATE inbox SET dead_at = NULL, attempts = 0, due_at = now() \
     WHERE dead_at IS NOT NULL AND done_at IS NULL AND ($1::uuid IS NULL OR id = $1)";
/// See that of the outbox.
pub(super) const DEAD: &str = "WITH dead AS MATERIALIZED (SELECT id, 'inbox' AS queue, type AS event, subject AS subject_id, sequence, attempts, \
     error, received_at AS created_at, dead_at FROM inbox WHERE dead_at IS NOT NULL AND done_at IS NULL) \
     SELECT * FROM dead WHERE id > $1 ORDER BY id LIMIT $2";
/// Bounded: what waits may be millions, and every pod counts every few seconds.
const STATE: &str = "SELECT (SELECT count(*) FROM (SELECT FROM inbox WHERE done_at IS NULL AND dead_at IS NULL AND parked_at IS NULL \
     ORDER BY due_at LIMIT 10000) AS w), \
     (SELECT count(*) FROM (SELECT FROM inbox WHERE parked_at IS NOT NULL AND done_at IS NULL LIMIT 10000) AS p), \
     (SELECT count(*) FROM (SELECT FROM inbox WHERE dead_at IS NOT NULL AND done_at IS NULL LIMIT 10000) AS d)";
const SWEEP: &str = "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE done_at < now() - $1::interval \
     ORDER BY done_at LIMIT 1000 FOR UPDATE SKIP LOCKED)";

/// How much waits. Nobody counts beyond 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Events whose effect is to come.
    pub waiting: i64,
    /// Events of versions newer than this program.
    pub parked: i64,
    /// Events that were given up.
    pub dead: i64,
}

/// An event whose effect is due.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Claimed {
    /// Of the event.
    pub(super) id: Uuid,
    /// Name of its type.
    #[sqlx(rename = "type")]
    pub(super) kind: String,
    /// The event.
    pub(super) envelope: serde_json::Value,
    /// It was begun too often: it is given up now, and must have no effect.
    pub(super) dead: bool,
    /// Whether it came more than ten seconds ago.
    pub(super) old: bool,
}

/// Stores an event, once. False if it had been stored before. `park`: until a program comes that knows its version.
///
/// # Errors
/// See [`DbError`].
pub async fn put(db: &Db, envelope: &Envelope, park: bool) -> Result<bool, DbError> {
    db.run(&(envelope, park), |session, (envelope, park)| {
        Box::pin(async move {
            let whole = serde_json::to_value(envelope).map_err(|error| sqlx::Error::Encode(error.into()))?;
            let kind = &envelope.kind;
            let insert = sqlx::query(PUT).bind(envelope.id).bind(kind.as_str()).bind(kind.source());
            let insert = insert.bind(envelope.subject).bind(envelope.sequence).bind(whole).bind(*park);
            Ok(insert.execute(session.conn()).await?.rows_affected() == 1)
        })
    })
    .await
}

/// Takes events of these types that are due within a reach, at most one of each subject. Whoever takes one and is gone leaves it to the next after the lease.
///
/// # Errors
/// See [`DbError`].
pub(super) async fn claim(db: &Db, types: &[&'static str], reach: Reach) -> Result<Vec<Claimed>, DbError> {
    db.run(types, move |session, types| {
        Box::pin(async move {
            let claim =
                sqlx::query_as(CLAIM).bind(LEASE).bind(BATCH).bind(types).bind(MOST_CLAIMS).bind(reach.interval());
            claim.fetch_all(session.conn()).await
        })
    })
    .await
}

/// Marks an event as done and wakes what comes next, in the transaction of its effect and before it: false if it is done already, so that there must be no effect. Who
/// works on the same event at the same moment waits here.
///
/// # Errors
/// The driver's.
pub(super) async fn done(session: &mut Session, id: Uuid) -> Result<bool, sqlx::Error> {
    let done: i64 = sqlx::query_scalar(DONE).bind(id).fetch_one(session.conn()).await?;
    Ok(done == 1)
}

/// Puts an event off, or gives it up: after too many attempts, or at once if `hopeless`. True if it is given up. `error` must hold nothing of the
/// event.
///
/// # Errors
/// See [`DbError`].
pub(super) async fn failed(db: &Db, id: Uuid, error: &str, hopeless: bool) -> Result<bool, DbError> {
    let most = if hopeless { 0 } else { MOST_ATTEMPTS };
    db.run(&(id, error, most), |session, (id, error, most)| {
        let query = sqlx::query_scalar(FAILED).bind(*id).bind(*error).bind(*most);
        Box::pin(async move { Ok(query.fetch_optional(session.conn()).await?.unwrap_or(false)) })
    })
    .await
}

/// Lets parked events of these types go on. How many there are.
///
/// # Errors
/// See [`DbError`].
pub(super) async fn unpark(db: &Db, types: &[&'static str]) -> Result<u64, DbError> {
    db.run(types, |session, types| {
        Box::pin(async move { Ok(sqlx::query(UNPARK).bind(types).execute(session.conn()).await?.rows_affected()) })
    })
    .await
}

/// Lets one event that was given up, or all of them, have their effect after all. How many there are.
///
/// # Errors
/// The driver's.
pub(super) async fn let_go_on(session: &mut Session, id: Option<Uuid>) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query(REPLAY).bind(id).execute(session.conn()).await?.rows_affected())
}

/// Lets events sleep that are behind another of their subject, a bounded number of them.
///
/// # Errors
/// See [`DbError`].
pub(super) async fn lay_aside(db: &Db) -> Result<(), DbError> {
    db.run(&(), |session, ()| Box::pin(async move { sqlx::query(ASIDE).execute(session.conn()).await.map(drop) })).await
}

/// How much waits.
///
/// # Errors
/// See [`DbError`].
pub async fn state(db: &Db) -> Result<State, DbError> {
    let (waiting, parked, dead): (i64, i64, i64) = db
        .run(&(), |session, ()| Box::pin(async move { sqlx::query_as(STATE).fetch_one(session.conn()).await }))
        .await?;
    Ok(State { waiting, parked, dead })
}

/// Deletes events that have been done for long enough, a bounded number of them. How many.
///
/// # Errors
/// See [`DbError`].
pub async fn sweep(db: &Db) -> Result<u64, DbError> {
    let mut all = 0;
    for _ in 0..SWEEPS {
        let gone = sweep_some(db).await?;
        all += gone;
        if gone < SWEPT {
            break;
        }
    }
    Ok(all)
}

async fn sweep_some(db: &Db) -> Result<u64, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move { Ok(sqlx::query(SWEEP).bind(KEPT).execute(session.conn()).await?.rows_affected()) })
    })
    .await
}
