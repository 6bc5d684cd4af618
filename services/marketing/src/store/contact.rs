//! The SQL of `contact_messages`.

use rerp_kit::idempotency::{Claim, Standing};
use rerp_kit::pool::{Db, DbError};

use super::admission::{Stored, admit};
use super::pending::Lead;
use super::{consent, pending};
use crate::domain::captcha::Passed;
use crate::domain::contact::ContactMessage;
use crate::domain::{Company, Receipt};

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

/// Stores a message, once per key. Also of an address on the list of suppressions: whoever writes to us asks for an answer.
///
/// # Errors
/// See [`DbError`]; a violated `contact_messages_pkey` means that the caller's identifier is taken.
pub async fn insert(
    db: &Db,
    created: &Receipt,
    message: &ContactMessage,
    company: &Company,
    passed: Option<&Passed>,
    key: Option<Claim>,
) -> Result<Stored, DbError> {
    let statement = if key.is_some() { INSERT } else { INSERT_OWN };
    let given = (created, message, company, passed, key);
    db.transaction_idempotent(&given, move |session, (created, message, company, passed, key)| {
        Box::pin(async move {
            let stored = admit(session, key.as_ref(), created, *passed).await?;
            if stored != Stored::Key(Standing::Fresh) {
                return Ok(stored);
            }
            let insert = sqlx::query(statement).bind(created.id).bind(created.email_address_id);
            let insert = insert.bind(created.company_id).bind(&message.name).bind(&message.message);
            let insert = insert.bind(passed.map(|passed| passed.verdict));
            let insert = insert.bind(passed.and_then(|passed| passed.score));
            let insert = insert.bind(passed.and_then(|passed| passed.action.as_deref()));
            let insert = insert.bind(passed.and_then(|passed| passed.hostname.as_deref()));
            insert.execute(session.conn()).await?;
            if let Some(name) = company.pending() {
                pending::remember(session, Lead::Message, created.id, name).await?;
            }
            if let Some(version) = &message.consent {
                let whose = created.email_address_id;
                consent::remember(session, Lead::Message, created.id, whose, version).await?;
            }
            Ok(stored)
        })
    })
    .await
}
