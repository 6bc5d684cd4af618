//! The SQL of `email_addresses`. Must not be given anything but canonical addresses: uniqueness depends on it.

use jiff_sqlx::Timestamp;
use rerp_kit::events::catalogue::EmailCreated;
use rerp_kit::events::outbox;
use rerp_kit::pool::{Db, DbError};
use rerp_kit::telling;
use uuid::Uuid;

use crate::domain::email::EmailAddress;

/// How often a row may vanish between being found in the way and being read, before we stop believing it.
const ROUNDS: u32 = 8;

/// One statement, since every new address waits for it: the row and the event come together or not at all.
const INSERT: &str = telling!("INSERT INTO email_addresses (id, email) VALUES ($1, $6) ON CONFLICT (email) DO NOTHING");

/// The result of an upsert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upsert {
    /// The address's identifier.
    pub id: Uuid,
    /// Whether this call made it.
    pub created: bool,
}

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

/// The identifier of an address, made and announced if there is none.
///
/// A known address costs one read. `ON CONFLICT DO UPDATE` would save the second statement for a new one and turn every
/// call into a write; one statement with a UNION would lose races, because its read can't see a row that was committed
/// after it began. So: read, insert, read again. The new identifier is chosen before the first attempt, so that an
/// attempt whose answer was lost recognises its own row.
///
/// # Errors
/// See [`DbError`].
pub async fn upsert(db: &Db, email: &EmailAddress) -> Result<Upsert, DbError> {
    let given = (email, Uuid::now_v7());
    db.run(&given, |session, (email, new)| {
        Box::pin(async move {
            for _ in 0..ROUNDS {
                let known: Option<Uuid> = sqlx::query_scalar("SELECT id FROM email_addresses WHERE email = $1")
                    .bind(email.as_str())
                    .fetch_optional(session.conn())
                    .await?;
                if let Some(id) = known {
                    return Ok(Upsert { id, created: id == *new });
                }
                let insert = outbox::telling(INSERT, &EmailCreated { email_address_id: *new })?;
                let inserted = insert.bind(email.as_str()).execute(session.conn()).await?;
                if inserted.rows_affected() == 1 {
                    return Ok(Upsert { id: *new, created: true });
                }
            }
            Err(sqlx::Error::RowNotFound)
        })
    })
    .await
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
