//! The SQL of `contact_messages`.

use rerp_kit::idempotency::{Claim, Standing, take};
use rerp_kit::pool::{Db, DbError};

use super::admission::spend;
use super::intake::{self, Kept};
use super::{consent, pending};
use crate::domain::captcha::Passed;
use crate::domain::contact::ContactMessage;
use crate::domain::{Company, Lead, Receipt};

macro_rules! insert {
    ($($more:literal)?) => {
        concat!(
            "INSERT INTO contact_messages (id, email_address_id, company_id, name, message, \
             captcha_verdict, captcha_score, captcha_action, captcha_hostname) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            $($more)?
        )
    };
}

const INSERT: &str = insert!();
const INSERT_OWN: &str = insert!(" ON CONFLICT (id) DO NOTHING");

/// Stores a message, once per key. Also of an address on the list of suppressions: whoever writes to us asks for an answer. Tables are written from the oldest to the
/// youngest, as a cutover locks them.
///
/// # Errors
/// See [`DbError`]; a violated `contact_messages_pkey` means that the caller's identifier is taken, and see [`super::admission::SPENT`] and
/// [`consent::UNKNOWN_VERSION`].
pub async fn insert(
    db: &Db,
    created: &Receipt,
    message: &ContactMessage,
    company: &Company,
    (passed, kept): (Option<&Passed>, Option<&Kept>),
    key: Option<Claim>,
) -> Result<Standing, DbError> {
    let statement = if key.is_some() { INSERT } else { INSERT_OWN };
    let given = (created, message, company, passed, kept, key);
    db.transaction_idempotent(&given, move |session, (created, message, company, passed, kept, key)| {
        Box::pin(async move {
            let standing = take(session, key.as_ref(), *created).await?;
            if standing != Standing::Fresh {
                return Ok(standing);
            }
            let insert = sqlx::query(statement).bind(created.id).bind(created.email_address_id);
            let insert = insert.bind(created.company_id).bind(&message.name).bind(&message.message);
            let insert = insert.bind(passed.map(|passed| passed.verdict));
            let insert = insert.bind(passed.and_then(|passed| passed.score));
            let insert = insert.bind(passed.and_then(|passed| passed.action.as_deref()));
            let insert = insert.bind(passed.and_then(|passed| passed.hostname.as_deref()));
            let is_stored = insert.execute(session.conn()).await?.rows_affected() == 1;
            if is_stored {
                if let Some(name) = company.pending() {
                    pending::remember(session, Lead::Message, created.id, name).await?;
                }
                if let Some(kept) = kept {
                    intake::keep(session, created.id, kept).await?;
                }
            }
            if let Some(version) = &message.consent {
                consent::agreed(session, Lead::Message, created, version, is_stored).await?;
            }
            spend(session, *passed, created.id).await?;
            Ok(standing)
        })
    })
    .await
}
