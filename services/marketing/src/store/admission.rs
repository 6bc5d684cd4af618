//! What comes before a lead is stored: the caller's key, and the proof of work that is good for one lead. In comes the transaction; out goes leave to
//! go on. Also the SQL of `captcha_spent`.

use rerp_kit::idempotency::{Claim, Standing, give_back, take};
use rerp_kit::pool::{Db, DbError, Session};

use crate::domain::Receipt;
use crate::domain::captcha::Passed;
use crate::domain::work::Solved;

/// How many rows one statement deletes.
const SWEEP: i64 = 1000;

/// What storing a lead ended in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// What the caller's key stands for; `Fresh` when the lead is new.
    Key(Standing),
    /// The proof of work was good for another lead: nothing was stored.
    Used,
}

/// Whether a lead may be stored now.
pub(super) async fn admit(
    session: &mut Session,
    key: Option<&Claim>,
    lead: &Receipt,
    passed: Option<&Passed>,
) -> Result<Stored, sqlx::Error> {
    let standing = take(session, key, lead).await?;
    if standing != Standing::Fresh {
        return Ok(Stored::Key(standing));
    }
    if let Some(solved) = passed.and_then(|passed| passed.solved.as_ref())
        && !spend(session, solved, lead).await?
    {
        give_back(session, key).await?;
        return Ok(Stored::Used);
    }
    Ok(Stored::Key(standing))
}

/// Uses a proof of work up for a lead. An attempt whose answer was lost has used it up for the same lead.
async fn spend(session: &mut Session, solved: &Solved, lead: &Receipt) -> Result<bool, sqlx::Error> {
    let insert = sqlx::query(
        "INSERT INTO captcha_spent (challenge, lead_id, expires_at) VALUES ($1, $2, to_timestamp($3::bigint)) \
         ON CONFLICT (challenge) DO NOTHING",
    );
    let insert = insert.bind(&solved.challenge).bind(lead.id).bind(solved.expires_at);
    if insert.execute(session.conn()).await?.rows_affected() == 1 {
        return Ok(true);
    }
    // One key may be used on two routes, and its identifier names two leads then: only a repeated attempt can have been here before.
    if session.attempt() == 1 {
        return Ok(false);
    }
    let ours = sqlx::query_scalar("SELECT lead_id = $2 FROM captcha_spent WHERE challenge = $1");
    let ours: Option<bool> = ours.bind(&solved.challenge).bind(lead.id).fetch_optional(session.conn()).await?;
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
