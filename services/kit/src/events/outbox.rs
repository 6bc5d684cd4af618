//! The SQL of `outbox` and `outbox_subjects`. In come events; out go what is to be published, and marks that it was. Must not talk to a broker.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::catalogue::Event;
use super::looks::{Reach, SWEEPS, SWEPT};
pub use super::telling::{telling, telling_each};
use crate::http::context;
use crate::pool::{Db, DbError, Session};

/// The tables, as each service that announces something has them in a migration.
pub const DDL: &str = include_str!("outbox.sql");
/// What such a service has in a later one.
pub const RELAY_DDL: &str = include_str!("outbox_relay.sql");

/// How many events a claim takes.
const BATCH: i64 = 64;
/// How long it is the turn of one relay, without a word of it. Publishing may take as long; should it take longer, two relays publish an event, and whoever
/// gets it notices.
const LEASE: &str = "10 seconds";
/// How often the broker may refuse an event before a person has to look.
const MOST_ATTEMPTS: i32 = 10;
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
/// Of each subject the first there is, and nothing behind it, if it is this relay's turn; it is made longer when half of it is over. What a claim looks at is
/// bounded before anything else is asked of it: with statistics of a minute ago, the database would otherwise look at all that waits.
const CLAIM: &str = "WITH first AS (INSERT INTO outbox_relay (holder, until) SELECT $1, now() + $2::interval \
     WHERE NOT EXISTS (SELECT FROM outbox_relay) ON CONFLICT DO NOTHING RETURNING 1), \
     mine AS (UPDATE outbox_relay SET holder = $1, until = now() + $2::interval \
     WHERE until < now() OR (holder = $1 AND until < now() + $2::interval / 2) RETURNING 1) \
     SELECT id, type, subject, sequence, data, trace, created_at, due_at <= now() - interval '10 seconds' AS old FROM \
     (SELECT * FROM outbox WHERE dead_at IS NULL AND due_at <= now() AND due_at > now() - $3::interval ORDER BY due_at LIMIT 256) AS o \
     WHERE (EXISTS (SELECT FROM first) OR EXISTS (SELECT FROM mine) OR EXISTS (SELECT FROM outbox_relay WHERE holder = $1 AND until >= now())) \
     AND NOT EXISTS (SELECT FROM outbox AS e WHERE e.subject = o.subject AND e.sequence < o.sequence) ORDER BY due_at LIMIT $4";
const LEAVE: &str = "UPDATE outbox_relay SET until = now() - interval '1 second' WHERE holder = $1 AND until >= now()";
/// Wakes the next one of each subject, which may sleep: see `ASIDE`.
const PUBLISHED: &str = "WITH done AS (DELETE FROM outbox WHERE id = ANY ($1) RETURNING subject, sequence) \
     UPDATE outbox AS o SET due_at = now() FROM done, LATERAL (SELECT n.id FROM outbox AS n \
     WHERE n.subject = done.subject AND n.sequence > done.sequence AND n.id <> ALL ($1) ORDER BY n.sequence LIMIT 1) AS next \
     WHERE o.id = next.id";
/// What is behind another sleeps, or every claim would look at all that wait behind one that is dead or put off. What is locked is about to be woken,
/// and what was woken meanwhile is left awake. Should somebody be lost in between, it wakes by itself.
const ASIDE: &str = "WITH behind AS (SELECT o.id FROM (SELECT id, subject, sequence FROM outbox WHERE dead_at IS NULL \
     AND due_at < now() - interval '10 seconds' ORDER BY due_at LIMIT 5000) AS o WHERE EXISTS \
     (SELECT FROM outbox AS e WHERE e.subject = o.subject AND e.sequence < o.sequence)), \
     free AS (SELECT id FROM outbox WHERE id IN (SELECT id FROM behind) \
     AND due_at < now() - interval '10 seconds' FOR UPDATE SKIP LOCKED) \
     UPDATE outbox SET due_at = now() + interval '10 minutes' WHERE id IN (SELECT id FROM free)";
/// Not at once: what nobody may publish now, while everything else is published, would take its place in every claim.
const PUT_OFF: &str = "UPDATE outbox SET due_at = now() + interval '15 seconds' WHERE id = ANY ($1)";
/// The pause doubles from two seconds to ten minutes.
const REFUSED: &str = "UPDATE outbox SET attempts = attempts + 1, error = $2, \
     due_at = now() + least(interval '2 seconds' * power(2, least(attempts, 10)), interval '10 minutes'), \
     dead_at = CASE WHEN attempts + 1 >= $3 THEN now() END WHERE id = $1";
const REPLAY: &str = "UPDATE outbox SET dead_at = NULL, attempts = 0, due_at = now() \
     WHERE dead_at IS NOT NULL AND ($1::uuid IS NULL OR id = $1)";
/// All that are dead are found by their index: by the order of identifiers the database would look at all that wait.
pub(super) const DEAD: &str = "WITH dead AS MATERIALIZED (SELECT id, 'outbox' AS queue, type AS event, subject AS subject_id, sequence, attempts, \
     error, created_at, dead_at FROM outbox WHERE dead_at IS NOT NULL) SELECT * FROM dead WHERE id > $1 ORDER BY id LIMIT $2";
/// Bounded: what waits may be millions, and every pod counts every few seconds.
const STATE: &str = "SELECT count(*), (SELECT count(*) FROM \
     (SELECT FROM outbox WHERE dead_at IS NOT NULL LIMIT 10000) AS d), \
     coalesce(extract(epoch FROM now() - min(created_at)), 0)::bigint FROM \
     (SELECT created_at FROM outbox WHERE dead_at IS NULL ORDER BY due_at LIMIT 10000) AS w";
const SWEEP_UNHEARD: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox \
     WHERE dead_at IS NULL AND due_at < now() - $1::interval ORDER BY due_at LIMIT 1000 FOR UPDATE SKIP LOCKED)";

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
    /// Whether it has been due for more than ten seconds.
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

/// The same for what tells of the beginning of its subject, or is all that is ever told of it: there must be one such event of a subject, and a second
/// one is refused while the first one waits. It has the number 1; those of [`publish`] begin at 2.
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

/// Takes events that are due within a reach, at most one of each subject, if it is the turn of the relay `holder` or becomes it; nothing is marked.
///
/// # Errors
/// See [`DbError`].
pub async fn claim(db: &Db, holder: Uuid, reach: Reach) -> Result<Vec<Waiting>, DbError> {
    db.run(&(), move |session, ()| {
        let claim = sqlx::query_as(CLAIM).bind(holder).bind(LEASE).bind(reach.interval()).bind(BATCH);
        Box::pin(async move { claim.fetch_all(session.conn()).await })
    })
    .await
}

/// Ends the turn of a relay, so that the next one need not wait.
///
/// # Errors
/// See [`DbError`]; then it waits.
pub async fn leave(db: &Db, holder: Uuid) -> Result<(), DbError> {
    db.run(&(), move |session, ()| {
        Box::pin(async move { sqlx::query(LEAVE).bind(holder).execute(session.conn()).await.map(drop) })
    })
    .await
}

/// Deletes events that are published, and wakes what comes next.
///
/// # Errors
/// See [`DbError`]; they are published again, under the same identifiers.
pub async fn published(db: &Db, ids: &[Uuid]) -> Result<(), DbError> {
    change(db, PUBLISHED, ids).await
}

/// Lets events wait that the broker can't take now while it takes others, which is no fault of theirs. They are due again in a while.
///
/// # Errors
/// See [`DbError`].
pub async fn put_off(db: &Db, ids: &[Uuid]) -> Result<(), DbError> {
    change(db, PUT_OFF, ids).await
}

async fn change(db: &Db, statement: &'static str, ids: &[Uuid]) -> Result<(), DbError> {
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

/// Lets one event that was given up, or all of them, be published once more. How many there are.
///
/// # Errors
/// The driver's.
pub(super) async fn let_go_on(session: &mut Session, id: Option<Uuid>) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query(REPLAY).bind(id).execute(session.conn()).await?.rows_affected())
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

/// Deletes old events where there is no broker to publish them to, a bounded number of them. How many.
///
/// # Errors
/// See [`DbError`].
pub async fn sweep_unheard(db: &Db) -> Result<u64, DbError> {
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
        let sweep = sqlx::query(SWEEP_UNHEARD).bind(KEPT_UNHEARD);
        Box::pin(async move { Ok(sweep.execute(session.conn()).await?.rows_affected()) })
    })
    .await
}
