//! The SQL of `suppressions`: addresses from which no lead is taken. What keeps a lead out is part of the lead's own statement, in `capture.rs`.

use jiff::Timestamp;
use rerp_kit::audit::older_first;
use rerp_kit::idempotency::{Claim, Standing, keep, take};
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::suppression::Cause;

/// A row, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct Suppression {
    /// Identity's.
    pub email_address_id: Uuid,
    /// `objected`, `bounced`, `complained` or `other`.
    pub reason: String,
    /// Since when.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// What adding one ended in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is there; whether this call made it. The first reason stays.
    Is(Suppression, bool),
    /// The caller's key was used before.
    Key(Standing),
}

const INSERT: &str =
    "INSERT INTO suppressions (email_address_id, reason) VALUES ($1, $2) ON CONFLICT (email_address_id) DO NOTHING";
const SELECT: &str = "SELECT email_address_id, reason, created_at FROM suppressions WHERE email_address_id = $1";
const PAGE: &str = "SELECT email_address_id, reason, created_at FROM suppressions WHERE email_address_id > $1 \
     ORDER BY email_address_id LIMIT $2";

/// Adds an address, once per key.
///
/// # Errors
/// See [`DbError`].
pub async fn add(db: &Db, id: Uuid, cause: Cause, key: Option<Claim>) -> Result<Added, DbError> {
    db.transaction_idempotent(&(id, cause, key), |session, (id, cause, key)| {
        Box::pin(async move {
            let standing = take(session, key.as_ref(), &()).await?;
            if standing != Standing::Fresh {
                return Ok(Added::Key(standing));
            }
            older_first(session).await?;
            let insert = sqlx::query(INSERT).bind(id).bind(cause.name());
            let made = insert.execute(session.conn()).await?.rows_affected() == 1;
            let row: Suppression = sqlx::query_as(SELECT).bind(id).fetch_one(session.conn()).await?;
            keep(session, key.as_ref(), &(made, &row)).await?;
            Ok(Added::Is(row, made))
        })
    })
    .await
}

/// Takes an address off the list. False when it wasn't on it.
///
/// # Errors
/// See [`DbError`].
pub async fn remove(db: &Db, id: Uuid) -> Result<bool, DbError> {
    db.transaction_idempotent(&id, |session, id| {
        Box::pin(async move {
            older_first(session).await?;
            let delete = sqlx::query("DELETE FROM suppressions WHERE email_address_id = $1").bind(id);
            let removed = delete.execute(session.conn()).await?.rows_affected() == 1;
            // After a lost answer it may be this request that took it off.
            Ok(removed || session.attempt() > 1)
        })
    })
    .await
}

/// Up to `most` rows after the identifier `after`.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, after: Uuid, most: i64) -> Result<Vec<Suppression>, DbError> {
    db.run(&(after, most), |session, (after, most)| {
        let page = sqlx::query_as(PAGE).bind(after).bind(most);
        Box::pin(async move { page.fetch_all(session.conn()).await })
    })
    .await
}
