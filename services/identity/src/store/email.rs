//! The SQL that reads `email_addresses`; how addresses get their identifiers is in `upsert.rs`. Must not be given anything but canonical addresses: uniqueness
//! depends on it.

use jiff_sqlx::Timestamp;
use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

use crate::domain::email::EmailAddress;

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Stored {
    /// The address's identifier.
    pub id: Uuid,
    /// The canonical form.
    pub email: String,
    /// Whether its owner proved to read it.
    pub verified: bool,
    /// When.
    pub verified_at: Option<Timestamp>,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When something about it last changed.
    pub updated_at: Timestamp,
}

/// The row of an identifier.
///
/// # Errors
/// See [`DbError`].
pub async fn by_id(db: &Db, id: Uuid) -> Result<Option<Stored>, DbError> {
    db.run(&id, |session, id| {
        Box::pin(async move {
            sqlx::query_as(
                "SELECT id, email, verified, verified_at, created_at, updated_at FROM email_addresses \
                 WHERE id = $1 AND erased_at IS NULL",
            )
            .bind(id)
            .fetch_optional(session.conn())
            .await
        })
    })
    .await
}

/// The row of an address.
///
/// # Errors
/// See [`DbError`].
pub async fn by_email(db: &Db, email: &EmailAddress) -> Result<Option<Stored>, DbError> {
    db.run(email, |session, email| {
        Box::pin(async move {
            sqlx::query_as(
                "SELECT id, email, verified, verified_at, created_at, updated_at FROM email_addresses \
                 WHERE email = $1 AND erased_at IS NULL",
            )
            .bind(email.as_str())
            .fetch_optional(session.conn())
            .await
        })
    })
    .await
}
