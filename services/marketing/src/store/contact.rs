//! The SQL of `contact_messages`.

use rerp_kit::idempotency::{Claim, Standing};
use rerp_kit::pool::{Db, DbError};

use super::take;
use crate::domain::Receipt;
use crate::domain::contact::ContactMessage;

const INSERT: &str = "INSERT INTO contact_messages (id, email_address_id, name, message) VALUES ($1, $2, $3, $4)";
const INSERT_OWN: &str = "INSERT INTO contact_messages (id, email_address_id, name, message) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (id) DO NOTHING";

/// Stores a message, once per key.
///
/// # Errors
/// See [`DbError`]; a violated `contact_messages_pkey` means that the caller's identifier is taken.
pub async fn insert(
    db: &Db,
    created: &Receipt,
    message: &ContactMessage,
    key: Option<Claim>,
) -> Result<Standing, DbError> {
    let statement = if key.is_some() { INSERT } else { INSERT_OWN };
    db.transaction_idempotent(&(created, message, key), move |session, (created, message, key)| {
        Box::pin(async move {
            let standing = take(session, created, key.as_ref()).await?;
            if standing == Standing::Fresh {
                let insert = sqlx::query(statement).bind(created.id).bind(created.email_address_id);
                insert.bind(&message.name).bind(&message.message).execute(session.conn()).await?;
            }
            Ok(standing)
        })
    })
    .await
}
