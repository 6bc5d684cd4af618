//! The SQL of `email_captures`.

use rerp_kit::idempotency::{Claim, Standing, take};
use rerp_kit::pool::{Db, DbError};

use super::admission::spend;
use super::intake::{self, Kept};
use super::{consent, pending};
use crate::domain::captcha::Passed;
use crate::domain::capture::Capture;
use crate::domain::{Company, Lead, Receipt};

/// Nothing is taken from an address on the list of suppressions. That is asked here and not before, so that a form costs no more round trips for it.
macro_rules! insert {
    ($($more:literal)?) => {
        concat!(
            "INSERT INTO email_captures (id, email_address_id, company_id, source, name, plan_code, \
             captcha_verdict, captcha_score, captcha_action, captcha_hostname) \
             SELECT $1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::text, $8::real, $9::text, $10::text \
             WHERE NOT EXISTS (SELECT FROM suppressions AS s WHERE s.email_address_id = $2::uuid)",
            $($more)?
        )
    };
}

const INSERT: &str = insert!();
const INSERT_OWN: &str = insert!(" ON CONFLICT (id) DO NOTHING");

/// Stores a capture, once per key, unless its address is on the list of suppressions: its visitor is told the same then. Tables are written from the oldest to the
/// youngest, as a cutover locks them.
///
/// # Errors
/// See [`DbError`]; a violated `email_captures_pkey` means that the caller's identifier is taken, and see [`super::admission::SPENT`] and [`consent::UNKNOWN_VERSION`].
pub async fn insert(
    db: &Db,
    created: &Receipt,
    capture: &Capture,
    company: &Company,
    (passed, kept): (Option<&Passed>, Option<&Kept>),
    key: Option<Claim>,
) -> Result<Standing, DbError> {
    let statement = if key.is_some() { INSERT } else { INSERT_OWN };
    let given = (created, capture, company, passed, kept, key);
    db.transaction_idempotent(&given, move |session, (created, capture, company, passed, kept, key)| {
        Box::pin(async move {
            let standing = take(session, key.as_ref(), *created).await?;
            if standing != Standing::Fresh {
                return Ok(standing);
            }
            let insert = sqlx::query(statement).bind(created.id).bind(created.email_address_id);
            let insert = insert.bind(created.company_id).bind(&capture.source).bind(&capture.name);
            let insert = insert.bind(&capture.plan_code).bind(passed.map(|passed| passed.verdict));
            let insert = insert.bind(passed.and_then(|passed| passed.score));
            let insert = insert.bind(passed.and_then(|passed| passed.action.as_deref()));
            let insert = insert.bind(passed.and_then(|passed| passed.hostname.as_deref()));
            let is_stored = insert.execute(session.conn()).await?.rows_affected() == 1;
            if is_stored {
                if let Some(name) = company.pending() {
                    pending::remember(session, Lead::Capture, created.id, name).await?;
                }
                if let Some(kept) = kept {
                    intake::keep(session, created.id, kept).await?;
                }
            }
            if let Some(version) = &capture.consent {
                consent::agreed(session, Lead::Capture, created, version, is_stored).await?;
            }
            spend(session, *passed, created.id).await?;
            Ok(standing)
        })
    })
    .await
}
