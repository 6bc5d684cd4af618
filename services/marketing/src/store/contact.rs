//! The SQL of `contact_messages`.

use rerp_kit::idempotency::{Claim, Standing, take};
use rerp_kit::pool::{Db, DbError};

use super::intake::{self, Kept};
use super::pending::remember;
use crate::domain::contact::ContactMessage;
use crate::domain::{Company, Lead, Receipt};

const INSERT: &str =
    "INSERT INTO contact_messages (id, email_address_id, company_id, name, message) VALUES ($1, $2, $3, $4, $5)";
const INSERT_OWN: &str = "INSERT INTO contact_messages (id, email_address_id, company_id, name, message) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (id) DO NOTHING";

/// Stores a message, once per key.
///
/// # Errors
/// See [`DbError`]; a violated `contact_messages_pkey` means that the caller's identifier is taken.
pub async fn insert(
    db: &Db,
    created: &Receipt,
    message: &ContactMessage,
    company: &Company,
    kept: Option<&Kept>,
    key: Option<Claim>,
) -> Result<Standing, DbError> {
    let statement = if key.is_some() { INSERT } else { INSERT_OWN };
    db.transaction_idempotent(
        &(created, message, company, kept, key),
        move |session, (created, message, company, kept, key)| {
            Box::pin(async move {
                let standing = take(session, key.as_ref(), *created).await?;
                if standing == Standing::Fresh {
                    let insert = sqlx::query(statement).bind(created.id).bind(created.email_address_id);
                    let insert = insert.bind(created.company_id);
                    insert.bind(&message.name).bind(&message.message).execute(session.conn()).await?;
                    if let Some(name) = company.pending() {
                        remember(session, Lead::Message, created.id, name).await?;
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
