//! The SQL of `companies`. Must not be given anything but canonical names: uniqueness depends on it.

use jiff_sqlx::Timestamp;
use rerp_kit::idempotency::{Claim, Standing, keep, take};
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::company::CompanyName;
use crate::domain::provenance::Provenance;

/// How often a row may vanish between being found in the way and being read, before we stop believing it.
const ROUNDS: u32 = 8;

/// Of a company that was merged, the company that it is.
const BY_ID: &str = "SELECT c.id, c.name, c.provenance, c.created_at, c.updated_at FROM companies AS asked \
     JOIN companies AS c ON c.id = coalesce(asked.merged_into, asked.id) WHERE asked.id = $1";
const BY_NAME: &str = "SELECT c.id, c.name, c.provenance, c.created_at, c.updated_at FROM companies AS asked \
     JOIN companies AS c ON c.id = coalesce(asked.merged_into, asked.id) WHERE asked.name_key = $1";

/// The result of an upsert, as it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "CompanyUpserted")]
pub struct Upserted {
    /// The one identifier of this company.
    pub company_id: Uuid,
    /// Whether this call made it.
    pub created: bool,
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Stored {
    /// The company's identifier.
    pub id: Uuid,
    /// The name as it was first written.
    pub name: String,
    /// Who named it first: `service`, `person`, `staff` or `unknown`.
    pub provenance: String,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When something about it last changed.
    pub updated_at: Timestamp,
}

/// The identifier of a company, made if there is none; of one that was merged, the company that it is. `from` is who names it.
///
/// # Errors
/// See [`DbError`].
pub async fn upsert(db: &Db, name: &CompanyName, from: Provenance) -> Result<Upserted, DbError> {
    let given = (name, from, Uuid::now_v7());
    db.run(&given, |session, (name, from, new)| Box::pin(find_or_make(session, name, *from, *new))).await
}

/// The same, once for a caller's key: what was answered the first time, or why the key can't be used, is the inner error.
///
/// # Errors
/// See [`DbError`].
pub async fn upsert_once(
    db: &Db,
    name: &CompanyName,
    from: Provenance,
    key: Claim,
) -> Result<Result<Upserted, Standing>, DbError> {
    let given = (name, from, Uuid::now_v7(), key);
    db.transaction_idempotent(&given, |session, (name, from, new, key)| {
        Box::pin(async move {
            // The answer is known only once the company is; nobody sees the row of the key before.
            let standing = take(session, Some(key), &()).await?;
            if standing != Standing::Fresh {
                return Ok(Err(standing));
            }
            let upserted = find_or_make(session, name, *from, *new).await?;
            keep(session, Some(key), &upserted).await?;
            Ok(Ok(upserted))
        })
    })
    .await
}

/// A known company costs one read. `ON CONFLICT DO UPDATE` would save the second statement for a new one and turn every
/// call into a write; one statement with a UNION would lose races, because its read can't see a row that was committed
/// after it began. So: read, insert, read again. The new identifier is chosen before the first attempt, so that an
/// attempt whose answer was lost recognises its own row.
async fn find_or_make(
    session: &mut Session,
    name: &CompanyName,
    from: Provenance,
    new: Uuid,
) -> Result<Upserted, sqlx::Error> {
    for _ in 0..ROUNDS {
        let known: Option<Uuid> =
            sqlx::query_scalar("SELECT coalesce(merged_into, id) FROM companies WHERE name_key = $1")
                .bind(name.key())
                .fetch_optional(session.conn())
                .await?;
        if let Some(id) = known {
            return Ok(Upserted { company_id: id, created: id == new });
        }
        let inserted = sqlx::query(
            "INSERT INTO companies (id, name, name_key, provenance) VALUES ($1, $2, $3, $4) ON CONFLICT (name_key) DO NOTHING",
        )
        .bind(new)
        .bind(name.shown())
        .bind(name.key())
        .bind(from.name())
        .execute(session.conn())
        .await?;
        if inserted.rows_affected() == 1 {
            return Ok(Upserted { company_id: new, created: true });
        }
    }
    Err(sqlx::Error::RowNotFound)
}

/// The row of an identifier.
///
/// # Errors
/// See [`DbError`].
pub async fn by_id(db: &Db, id: Uuid) -> Result<Option<Stored>, DbError> {
    db.run(&id, |session, id| {
        Box::pin(async move { sqlx::query_as(BY_ID).bind(id).fetch_optional(session.conn()).await })
    })
    .await
}

/// The row of a name.
///
/// # Errors
/// See [`DbError`].
pub async fn by_name(db: &Db, name: &CompanyName) -> Result<Option<Stored>, DbError> {
    db.run(name, |session, name| {
        Box::pin(async move { sqlx::query_as(BY_NAME).bind(name.key()).fetch_optional(session.conn()).await })
    })
    .await
}
