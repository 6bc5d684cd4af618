//! The SQL of `captcha_spent`: proofs of work that were used, each for one lead. It is written to last in a lead's transaction, because a cutover locks tables from
//! the oldest to the youngest; a solution that was used before undoes all of it.

use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use crate::domain::captcha::Passed;
use crate::domain::work::Solved;

/// The constraint that a lead breaks whose proof of work was good for another one.
pub const SPENT: &str = "captcha_spent_pkey";
/// How many rows one statement deletes.
const SWEEP: i64 = 1000;

/// Uses a proof of work up for a lead, where one was needed; also for a lead that isn't stored, or a second one would tell so. An attempt whose answer was lost has
/// used it up for the same lead.
pub(super) async fn spend(session: &mut Session, passed: Option<&Passed>, lead: Uuid) -> Result<(), sqlx::Error> {
    let Some(solved) = passed.and_then(|passed| passed.solved.as_ref()) else { return Ok(()) };
    // One key may be used on two routes, and its identifier names two leads then: only a repeated attempt can have been here before.
    if session.attempt() > 1 && is_ours(session, solved, lead).await? {
        return Ok(());
    }
    let insert = "INSERT INTO captcha_spent (challenge, lead_id, expires_at) VALUES ($1, $2, to_timestamp($3::bigint))";
    let insert = sqlx::query(insert).bind(&solved.challenge).bind(lead).bind(solved.expires_at);
    insert.execute(session.conn()).await.map(drop)
}

async fn is_ours(session: &mut Session, solved: &Solved, lead: Uuid) -> Result<bool, sqlx::Error> {
    let ours = sqlx::query_scalar("SELECT lead_id = $2 FROM captcha_spent WHERE challenge = $1");
    let ours: Option<bool> = ours.bind(&solved.challenge).bind(lead).fetch_optional(session.conn()).await?;
    Ok(ours.unwrap_or(false))
}

/// Forgets proofs of work that would have ended by now, a bounded number of them. How many.
///
/// # Errors
/// See [`DbError`].
pub async fn sweep(db: &Db) -> Result<u64, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move {
            // A minute more, for clocks that differ.
            let sweep = sqlx::query(
                "DELETE FROM captcha_spent WHERE challenge IN (SELECT challenge FROM captcha_spent \
                 WHERE expires_at < now() - interval '1 minute' ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)",
            );
            Ok(sweep.bind(SWEEP).execute(session.conn()).await?.rows_affected())
        })
    })
    .await
}
