//! The SQL of `pending_companies`: names of companies that wait for Account, and the leads that wait for them.

use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use crate::domain::Lead;

/// How long a name is kept.
const KEPT: &str = "7 days";

/// A lead that waits for its company.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Pending {
    lead: String,
    lead_id: Uuid,
    /// What the visitor typed.
    pub name: String,
}

/// Remembers the name with the lead, in the lead's transaction.
pub(super) async fn remember(session: &mut Session, lead: Lead, id: Uuid, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO pending_companies (lead, lead_id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(lead.label())
        .bind(id)
        .bind(name)
        .execute(session.conn())
        .await?;
    Ok(())
}

/// Up to `most` leads that wait, those first that were not asked for lately.
///
/// # Errors
/// See [`DbError`].
pub async fn next(db: &Db, most: i64) -> Result<Vec<Pending>, DbError> {
    db.run(&most, |session, most| {
        Box::pin(async move {
            sqlx::query_as(
                "SELECT lead, lead_id, name FROM pending_companies ORDER BY coalesce(tried_at, created_at) LIMIT $1",
            )
            .bind(most)
            .fetch_all(session.conn())
            .await
        })
    })
    .await
}

/// Gives the lead its company, or none for ever, and forgets the name. Harmless to do twice: a name has one identifier.
///
/// # Errors
/// See [`DbError`].
pub async fn settle(db: &Db, pending: &Pending, company: Option<Uuid>) -> Result<(), DbError> {
    db.transaction_idempotent(&(pending, company), |session, (pending, company)| {
        Box::pin(async move {
            if let Some(company) = company {
                let update = match pending.lead.as_str() {
                    "capture" => "UPDATE email_captures SET company_id = $2 WHERE id = $1 AND company_id IS NULL",
                    _ => "UPDATE contact_messages SET company_id = $2 WHERE id = $1 AND company_id IS NULL",
                };
                sqlx::query(update).bind(pending.lead_id).bind(company).execute(session.conn()).await?;
            }
            let forget = sqlx::query("DELETE FROM pending_companies WHERE lead = $1 AND lead_id = $2");
            forget.bind(&pending.lead).bind(pending.lead_id).execute(session.conn()).await?;
            Ok(())
        })
    })
    .await
}

/// Puts a lead at the end of the queue: Account could not say.
///
/// # Errors
/// See [`DbError`].
pub async fn postpone(db: &Db, pending: &Pending) -> Result<(), DbError> {
    db.run(pending, |session, pending| {
        Box::pin(async move {
            sqlx::query("UPDATE pending_companies SET tried_at = now() WHERE lead = $1 AND lead_id = $2")
                .bind(&pending.lead)
                .bind(pending.lead_id)
                .execute(session.conn())
                .await?;
            Ok(())
        })
    })
    .await
}

/// Deletes names that waited for too long; how many.
///
/// # Errors
/// See [`DbError`].
pub async fn expire(db: &Db) -> Result<u64, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move {
            let expire = sqlx::query("DELETE FROM pending_companies WHERE created_at < now() - $1::interval");
            Ok(expire.bind(KEPT).execute(session.conn()).await?.rows_affected())
        })
    })
    .await
}
