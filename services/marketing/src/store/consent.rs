//! The SQL of `consent_texts` and `consents`.

use jiff::Timestamp;
use rerp_kit::audit::{self, Entry};
use rerp_kit::pool::{Db, DbError, Session};
use serde::Serialize;
use uuid::Uuid;

use super::pending::Lead;
use crate::domain::consent::ConsentText;

/// The constraint that a form breaks which names a version that nobody has declared.
pub const UNKNOWN_VERSION: &str = "consents_text_version_fkey";

/// A text, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Declared {
    /// Its name.
    pub version: String,
    /// What visitors read.
    pub text: String,
    /// Since when they can agree to it.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// Writes down that the visitor of a lead agreed, in the lead's transaction.
pub(super) async fn remember(
    session: &mut Session,
    lead: Lead,
    id: Uuid,
    email_address_id: Uuid,
    version: &str,
) -> Result<(), sqlx::Error> {
    let insert = sqlx::query(
        "INSERT INTO consents (lead, lead_id, email_address_id, text_version) VALUES ($1, $2, $3, $4) ON CONFLICT (lead, lead_id) DO NOTHING",
    );
    insert.bind(lead.name()).bind(id).bind(email_address_id).bind(version).execute(session.conn()).await.map(drop)
}

/// Declares a text under its version: what stands under it now, which is another one if it was declared before.
///
/// # Errors
/// See [`DbError`].
pub async fn declare(db: &Db, new: &ConsentText, entry: &Entry) -> Result<Declared, DbError> {
    db.transaction_idempotent(&(new, entry), |session, (new, entry)| {
        Box::pin(async move {
            let insert = "INSERT INTO consent_texts (version, text) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING";
            let insert = sqlx::query(insert).bind(&new.version).bind(&new.text);
            if insert.execute(session.conn()).await?.rows_affected() == 1 {
                audit::record(session, entry).await?;
            }
            select(session, &new.version).await?.ok_or(sqlx::Error::RowNotFound)
        })
    })
    .await
}

/// The text of a version.
///
/// # Errors
/// See [`DbError`].
pub async fn by_version(db: &Db, version: &str) -> Result<Option<Declared>, DbError> {
    db.run(version, |session, version| Box::pin(select(session, version))).await
}

async fn select(session: &mut Session, version: &str) -> Result<Option<Declared>, sqlx::Error> {
    let select = sqlx::query_as("SELECT version, text, created_at FROM consent_texts WHERE version = $1");
    select.bind(version).fetch_optional(session.conn()).await
}
