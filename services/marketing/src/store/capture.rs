//! The SQL of `email_captures`.

use rerp_kit::idempotency::{Claim, Standing, take};
use rerp_kit::pool::{Db, DbError};

use super::intake::{self, Kept};
use super::pending::remember;
use crate::domain::capture::Capture;
use crate::domain::{Company, Lead, Receipt};

const INSERT: &str = "INSERT INTO email_captures (id, email_address_id, company_id, source, name, plan_code) VALUES ($1, $2, $3, $4, $5, $6)";
const INSERT_OWN: &str = "INSERT INTO email_captures (id, email_address_id, company_id, source, name, plan_code) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (id) DO NOTHING";

/// Stores a capture, once per key.
///
/// # Errors
/// See [`DbError`]; a violated `email_captures_pkey` means that the caller's identifier is taken.
pub async fn insert(
    db: &Db,
    created: &Receipt,
    capture: &Capture,
    company: &Company,
    kept: Option<&Kept>,
    key: Option<Claim>,
) -> Result<Standing, DbError> {
    let statement = if key.is_some() { INSERT } else { INSERT_OWN };
    db.transaction_idempotent(
        &(created, capture, company, kept, key),
        move |session, (created, capture, company, kept, key)| {
            Box::pin(async move {
                let standing = take(session, key.as_ref(), *created).await?;
                if standing == Standing::Fresh {
                    let insert = sqlx::query(statement).bind(created.id).bind(created.email_address_id);
                    insert
                        .bind(created.company_id)
                        .bind(&capture.source)
                        .bind(&capture.name)
                        .bind(&capture.plan_code)
                        .execute(session.conn())
                        .await?;
                    if let Some(name) = company.pending() {
                        remember(session, Lead::Capture, created.id, name).await?;
                    }
                    if let Some(kept) = kept {
                        intake::keep(session, created.id, kept).await?;
                    }
                }
                Ok(standing)
            })
        },
    )
    .await
}
