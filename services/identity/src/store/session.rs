//! The SQL of `sessions`.

use jiff::Timestamp;
use rerp_kit::audit::older_first;
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// How long one is kept that gets no token any more, in days.
const KEPT_DAYS: i32 = 90;
/// How many rows one statement deletes.
const SWEEP: i64 = 1000;

/// A sign-in, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
#[schemars(rename = "SignIn")]
pub struct Session {
    /// Its identifier.
    #[sqlx(rename = "id")]
    pub session_id: Uuid,
    /// How well it was proved last: `aal1`, `aal2`.
    pub aal: String,
    /// Since when we know of it.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub started_at: Timestamp,
    /// When it last got a token.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub seen_at: Timestamp,
}

/// Whose it is never changes, and one that has ended stays so.
const SEEN: &str = "INSERT INTO sessions AS s (id, subject, aal) VALUES ($1, $2, $3) \
     ON CONFLICT (id) DO UPDATE SET seen_at = now(), aal = excluded.aal WHERE s.subject = excluded.subject AND s.ended_at IS NULL";
const PAGE: &str = "SELECT id, aal, started_at, seen_at FROM sessions \
     WHERE subject = $1 AND ended_at IS NULL AND id > $2 ORDER BY id LIMIT $3";
const END: &str =
    "UPDATE sessions SET ended_at = now() WHERE subject = $1 AND ($2::uuid IS NULL OR id = $2) AND ended_at IS NULL";
const OLD: &str = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE seen_at < now() - make_interval(days => $1) \
     ORDER BY seen_at LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// Notes that a session is about to get a token. False when it must not: it has ended, or is somebody else's.
///
/// # Errors
/// See [`DbError`].
pub async fn seen(db: &Db, session: Uuid, subject: Uuid, aal: &str) -> Result<bool, DbError> {
    db.run(&(session, subject, aal), |connection, (session, subject, aal)| {
        let seen = sqlx::query(SEEN).bind(session).bind(subject).bind(*aal);
        Box::pin(async move { Ok(seen.execute(connection.conn()).await?.rows_affected() == 1) })
    })
    .await
}

/// Up to `most` sessions of somebody after the identifier `after`.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, subject: Uuid, after: Uuid, most: i64) -> Result<Vec<Session>, DbError> {
    db.run(&(subject, after, most), |connection, (subject, after, most)| {
        let page = sqlx::query_as(PAGE).bind(subject).bind(after).bind(most);
        Box::pin(async move { page.fetch_all(connection.conn()).await })
    })
    .await
}

/// Ends a session of somebody, or all of them. How many there were; after a lost answer that may be less.
///
/// # Errors
/// See [`DbError`].
pub async fn end(db: &Db, subject: Uuid, session: Option<Uuid>) -> Result<u64, DbError> {
    db.transaction_idempotent(&(subject, session), |connection, (subject, session)| {
        Box::pin(async move {
            older_first(connection).await?;
            let end = sqlx::query(END).bind(subject).bind(session);
            Ok(end.execute(connection.conn()).await?.rows_affected())
        })
    })
    .await
}

/// Forgets sessions that got no token for long, a bounded number of them. How many.
///
/// # Errors
/// See [`DbError`].
pub async fn sweep(db: &Db) -> Result<u64, DbError> {
    db.run(&(), |connection, ()| {
        let sweep = sqlx::query(OLD).bind(KEPT_DAYS).bind(SWEEP);
        Box::pin(async move { Ok(sweep.execute(connection.conn()).await?.rows_affected()) })
    })
    .await
}
