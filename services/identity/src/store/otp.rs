//! The SQL of `otp_challenges` and `otp_budgets`. In come digests; out goes what may be sent or looked at. Each call is one
//! statement, so that neither a crash nor a thousand callers at once get more than one would.
//! Must not see a contact or a code.

use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

use crate::domain::otp::{Channel, GAP_S, LIFETIME_S, PER_CONTACT, TRIES};

/// For how many days rows are kept: today's are needed, for they count.
const KEPT_DAYS: i32 = 2;

/// Where a code goes, as the tables know it.
#[derive(Debug, Clone)]
pub struct Contact {
    /// How.
    pub channel: Channel,
    /// Its digest.
    pub digest: Vec<u8>,
}

/// A code about to be sent.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// New for each.
    pub id: Uuid,
    /// Of the code.
    pub digest: Vec<u8>,
}

/// Makes `challenge` the one that counts for the contact, before anything is sent. False when the last one is too young
/// or the contact has had enough for today.
///
/// # Errors
/// See [`DbError`].
pub async fn begin(db: &Db, contact: &Contact, challenge: &Challenge) -> Result<bool, DbError> {
    db.run(&(contact, challenge), |session, (contact, challenge)| {
        Box::pin(async move {
            // The last condition finds the row of an attempt whose answer was lost.
            let begun = sqlx::query(
                "INSERT INTO otp_challenges AS held (channel, contact, id, digest) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (channel, contact) DO UPDATE SET id = EXCLUDED.id, digest = EXCLUDED.digest, \
                     sent_at = now(), used_at = NULL, day = current_date, \
                     tries = CASE WHEN held.id = EXCLUDED.id THEN held.tries ELSE 0 END, \
                     sent_today = CASE WHEN held.id = EXCLUDED.id THEN held.sent_today \
                                       WHEN held.day = current_date THEN held.sent_today + 1 ELSE 1 END \
                 WHERE (held.sent_at <= now() - make_interval(secs => $5) \
                        AND (held.day <> current_date OR held.sent_today < $6)) \
                    OR held.id = EXCLUDED.id",
            );
            let begun = begun.bind(contact.channel.label()).bind(&contact.digest).bind(challenge.id);
            let begun = begun.bind(&challenge.digest).bind(f64::from(GAP_S)).bind(PER_CONTACT);
            Ok(begun.execute(session.conn()).await?.rows_affected() == 1)
        })
    })
    .await
}

/// Spends a try, then gives out what to compare with; none when there is no code, or it is used, too old, or tried too
/// often. Whatever happens to the caller afterwards, the try is spent.
///
/// # Errors
/// See [`DbError`].
pub async fn spend_try(db: &Db, contact: &Contact) -> Result<Option<Challenge>, DbError> {
    db.run(contact, |session, contact| {
        Box::pin(async move {
            let held: Option<(Uuid, Vec<u8>)> = sqlx::query_as(
                "UPDATE otp_challenges SET tries = tries + 1 \
                 WHERE channel = $1 AND contact = $2 AND tries < $3 AND used_at IS NULL \
                   AND sent_at > now() - make_interval(secs => $4) \
                 RETURNING id, digest",
            )
            .bind(contact.channel.label())
            .bind(&contact.digest)
            .bind(TRIES)
            .bind(f64::from(LIFETIME_S))
            .fetch_optional(session.conn())
            .await?;
            Ok(held.map(|(id, digest)| Challenge { id, digest }))
        })
    })
    .await
}

/// Counts one message of today's. False when there have been `most` already.
///
/// # Errors
/// See [`DbError`].
pub async fn within_budget(db: &Db, channel: Channel, most: i32) -> Result<bool, DbError> {
    db.run(&(channel, most), |session, (channel, most)| {
        Box::pin(async move {
            let counted = sqlx::query(
                "INSERT INTO otp_budgets AS spent (channel, day, sent) SELECT $1, current_date, 1 WHERE $2 > 0 \
                 ON CONFLICT (channel, day) DO UPDATE SET sent = spent.sent + 1 WHERE spent.sent < $2",
            );
            let counted = counted.bind(channel.label()).bind(most).execute(session.conn()).await?;
            Ok(counted.rows_affected() == 1)
        })
    })
    .await
}

/// Deletes rows that count for nothing any more.
///
/// # Errors
/// See [`DbError`].
pub async fn sweep(db: &Db) -> Result<(), DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move {
            for statement in [
                "DELETE FROM otp_challenges WHERE sent_at < now() - make_interval(days => $1)",
                "DELETE FROM otp_budgets WHERE day < current_date - $1",
            ] {
                sqlx::query(statement).bind(KEPT_DAYS).execute(session.conn()).await?;
            }
            Ok(())
        })
    })
    .await
}
