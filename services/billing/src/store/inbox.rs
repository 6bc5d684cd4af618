//! The SQL of `webhook_inbox`. An event is stored once, worked on by one pod at a time, and done in the transaction of its effect.

use jiff_sqlx::ToSqlx as _;
use rerp_kit::pool::{Db, DbError, Session};

use crate::domain::event::{Event, Kind};

/// How many events one claim takes: the lease is for each of them, and begins with the claim.
const BATCH: i64 = 1;
/// How long a claim holds: longer than all that one event may take.
const LEASE: &str = "2 minutes";
/// How often an event is worked on before a person has to look: for three days, as long as Stripe itself would repeat it.
pub const MOST_ATTEMPTS: i16 = 150;
/// How long events are kept once they are done: longer than Stripe repeats one.
const KEPT: &str = "7 days";

const PUT: &str = "INSERT INTO webhook_inbox (event_id, type, object_kind, object_id, created, done_at) \
     VALUES ($1, $2, $3, $4, $5, CASE WHEN $3::text IS NULL THEN now() END) ON CONFLICT (event_id) DO NOTHING";
const CLAIM: &str = "UPDATE webhook_inbox SET attempts = attempts + 1, due_at = now() + $1::interval WHERE event_id IN \
     (SELECT event_id FROM webhook_inbox WHERE done_at IS NULL AND dead_at IS NULL AND due_at <= now() \
      ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) \
     RETURNING event_id, object_kind, object_id, attempts";
/// The pause doubles from four seconds to half an hour.
const FAILED: &str = "UPDATE webhook_inbox SET error = $2, due_at = now() + least(interval '2 seconds' * power(2, least(attempts, 10)), interval '30 minutes'), \
     dead_at = CASE WHEN attempts >= $3 THEN now() END WHERE event_id = $1 AND done_at IS NULL";
const SWEEP: &str = "DELETE FROM webhook_inbox WHERE event_id IN (SELECT event_id FROM webhook_inbox \
     WHERE received_at < now() - $1::interval AND done_at IS NOT NULL LIMIT 1000)";

/// An event to be worked on.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Claimed {
    /// Stripe's identifier.
    pub event_id: String,
    /// What kind of object to fetch.
    pub object_kind: String,
    /// Which.
    pub object_id: String,
    /// How often it has been tried, this time included.
    pub attempts: i16,
}

impl Claimed {
    /// The kind; none if a newer version stored what this one doesn't know.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Kind::parse(&self.object_kind)
    }
}

/// Stores an event, once. What nobody needs is done as it comes.
///
/// # Errors
/// See [`DbError`].
pub async fn put(db: &Db, event: &Event) -> Result<(), DbError> {
    db.run(event, |session, event| {
        Box::pin(async move {
            let (kind, id) = event.object.as_ref().map(|(kind, id)| (kind.name(), id.as_str())).unzip();
            sqlx::query(PUT)
                .bind(&event.id)
                .bind(&event.name)
                .bind(kind)
                .bind(id)
                .bind(event.created.to_sqlx())
                .execute(session.conn())
                .await
                .map(drop)
        })
    })
    .await
}

/// Takes events that are due. Whoever takes one and is gone leaves it to the next after the lease.
///
/// # Errors
/// See [`DbError`].
pub async fn claim(db: &Db) -> Result<Vec<Claimed>, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move { sqlx::query_as(CLAIM).bind(LEASE).bind(BATCH).fetch_all(session.conn()).await })
    })
    .await
}

/// Marks an event as done, in the transaction of its effect.
///
/// # Errors
/// The driver's.
pub async fn done(session: &mut Session, event: &str) -> Result<(), sqlx::Error> {
    let done = "UPDATE webhook_inbox SET done_at = now(), error = NULL WHERE event_id = $1";
    sqlx::query(done).bind(event).execute(session.conn()).await.map(drop)
}

/// Puts an event off, or gives it up after too many attempts. `error` must not hold what Stripe said.
///
/// # Errors
/// See [`DbError`].
pub async fn failed(db: &Db, event: &str, error: &str) -> Result<(), DbError> {
    db.run(&(event, error), |session, (event, error)| {
        let query = sqlx::query(FAILED).bind(event).bind(error).bind(MOST_ATTEMPTS);
        Box::pin(async move { query.execute(session.conn()).await.map(drop) })
    })
    .await
}

/// Deletes events that are done and old enough, a bounded number of them.
///
/// # Errors
/// See [`DbError`].
pub async fn sweep(db: &Db) -> Result<u64, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move { Ok(sqlx::query(SWEEP).bind(KEPT).execute(session.conn()).await?.rows_affected()) })
    })
    .await
}
