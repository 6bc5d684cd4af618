//! The SQL of `consent_texts` and `consents`.

use jiff::Timestamp;
use rerp_kit::audit::older_first;
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::consent::ConsentText;
use crate::domain::{Lead, Receipt};

/// The constraint that a form breaks which names a version that nobody has declared.
pub const UNKNOWN_VERSION: &str = "consents_text_version_fkey";

/// A text, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
#[schemars(rename = "ConsentText")]
pub struct Declared {
    /// Its name.
    pub version: String,
    /// What visitors read.
    pub text: String,
    /// Since when they can agree to it.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// Writes down that the visitor of a lead agreed, in the lead's transaction. Of a lead that isn't stored nothing is kept either, but a version that nobody has
/// declared is refused just the same: it must not tell who is on the list of suppressions.
pub(super) async fn agreed(
    session: &mut Session,
    lead: Lead,
    receipt: &Receipt,
    version: &str,
    is_stored: bool,
) -> Result<(), sqlx::Error> {
    // A repeated attempt may find the lead of the one before, with all that came with it.
    if !is_stored && session.attempt() > 1 {
        return Ok(());
    }
    let insert = "INSERT INTO consents (lead, lead_id, email_address_id, text_version) VALUES ($1, $2, $3, $4)";
    let insert = sqlx::query(insert).bind(lead.label()).bind(receipt.id).bind(receipt.email_address_id).bind(version);
    insert.execute(session.conn()).await?;
    if !is_stored {
        let delete = sqlx::query("DELETE FROM consents WHERE lead = $1 AND lead_id = $2");
        delete.bind(lead.label()).bind(receipt.id).execute(session.conn()).await?;
    }
    Ok(())
}

/// Declares a text under its version: what stands under it now, which is another one if it was declared before.
///
/// # Errors
/// See [`DbError`].
pub async fn declare(db: &Db, new: &ConsentText) -> Result<Declared, DbError> {
    db.transaction_idempotent(new, |session, new| {
        Box::pin(async move {
            older_first(session).await?;
            let insert = "INSERT INTO consent_texts (version, text) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING";
            sqlx::query(insert).bind(&new.version).bind(&new.text).execute(session.conn()).await?;
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
