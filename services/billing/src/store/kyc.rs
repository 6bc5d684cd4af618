//! The SQL of `kyc_billing_verification`, as far as people ask for it. What Stripe says is written by [`super::mirror`].

use jiff_sqlx::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

use super::announce;

/// A verification of who pays.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Verification {
    /// Our identifier.
    pub id: Uuid,
    /// Account's.
    pub account_id: Uuid,
    /// Identity's: who shows documents to Stripe.
    pub human_name_id: Uuid,
    /// Stripe's; none until it has answered.
    pub stripe_session_id: Option<String>,
    /// `requested` until Stripe has answered, then Stripe's word.
    pub verification_status: String,
    /// When a fetch first saw it verified.
    pub verified_at: Option<Timestamp>,
}

const INSERT: &str = "INSERT INTO kyc_billing_verification (id, account_id, human_name_id) VALUES ($1, $2, $3) \
     ON CONFLICT (account_id, human_name_id) WHERE verification_status IN ('requested', 'requires_input', 'processing') DO NOTHING";
const OPEN: &str = "SELECT id, account_id, human_name_id, stripe_session_id, verification_status, verified_at FROM kyc_billing_verification \
     WHERE account_id = $1 AND human_name_id = $2 AND verification_status IN ('requested', 'requires_input', 'processing')";
/// Who is verified stays so for the account, whatever is begun afterwards; of others the newest counts.
const OF_ACCOUNT: &str = "SELECT id, account_id, human_name_id, stripe_session_id, verification_status, verified_at FROM kyc_billing_verification \
     WHERE account_id = $1 AND ($2::uuid IS NULL OR human_name_id = $2) ORDER BY verification_status = 'verified' DESC, id DESC LIMIT 1";

/// The verification under way for a person and an account, begun if there is none; and whether this call began it. None if the one that
/// was under way ended in this moment: asking again begins a new one.
///
/// # Errors
/// See [`DbError`].
pub async fn ask(db: &Db, id: Uuid, account: Uuid, person: Uuid) -> Result<Option<(Verification, bool)>, DbError> {
    let found: Option<Verification> = db
        .run(&(id, account, person), |session, (id, account, person)| {
            Box::pin(async move {
                sqlx::query(INSERT).bind(id).bind(account).bind(person).execute(session.conn()).await?;
                sqlx::query_as(OPEN).bind(account).bind(person).fetch_optional(session.conn()).await
            })
        })
        .await?;
    Ok(found.map(|row| {
        let begun = row.id == id;
        (row, begun)
    }))
}

const ANSWERED: &str = "UPDATE kyc_billing_verification SET stripe_session_id = $2, verification_status = 'requires_input', \
     updated_at = now() WHERE id = $1 AND stripe_session_id IS NULL";

/// Writes down Stripe's identifier, and announces that the person can go on.
///
/// # Errors
/// See [`DbError`].
pub async fn answered(db: &Db, id: Uuid, session_id: &str) -> Result<(), DbError> {
    db.transaction_idempotent(&(id, session_id), |session, (id, session_id)| {
        Box::pin(async move {
            let before = announce::verification_before(session, session_id, Some(*id)).await?;
            let Some(before) = before else { return Ok(()) };
            sqlx::query(ANSWERED).bind(*id).bind(*session_id).execute(session.conn()).await?;
            match announce::verification_after(session, &before).await? {
                Some(news) => news.tell(session).await,
                None => Ok(()),
            }
        })
    })
    .await
}

/// What counts for an account, of what is within reach.
///
/// # Errors
/// See [`DbError`].
pub async fn of_account(db: &Db, account: Uuid, reach: Reach) -> Result<Option<Verification>, DbError> {
    db.run(&(account, reach), |session, (account, reach)| {
        let find = sqlx::query_as(OF_ACCOUNT).bind(account).bind(reach.owner());
        Box::pin(async move { find.fetch_optional(session.conn()).await })
    })
    .await
}
