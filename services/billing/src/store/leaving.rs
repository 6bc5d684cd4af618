//! The SQL of payment methods that are taken back: `leave_asked_at` in `stripe_payment_methods`. What Stripe says is written by [`super::mirror`].

use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

/// A payment method that Stripe is to forget.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Leaving {
    /// Our identifier.
    pub id: Uuid,
    /// Identity's: whose.
    pub human_name_id: Uuid,
    /// Stripe's; none while the person has not finished with Stripe, and then there is nothing to forget.
    pub stripe_payment_method_id: Option<String>,
}

/// What taking one back ended in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is written down: now, or before.
    Down(Leaving),
    /// The person has none of this identifier.
    NotThere,
    /// Something is paid with it, and with nothing else.
    InUse,
}

/// All of the person's, so that two at the same moment don't each leave the other.
const LOCK: &str = "SELECT id FROM stripe_payment_methods WHERE human_name_id = $1 AND detached_at IS NULL ORDER BY id FOR NO KEY UPDATE";
const FIND: &str = "SELECT id, human_name_id, stripe_payment_method_id FROM stripe_payment_methods \
     WHERE id = $1 AND human_name_id = $2 AND detached_at IS NULL";
/// What was paid for and goes on has to be paid with something. A trial doesn't: without a payment method it ends.
const IN_USE: &str = "SELECT EXISTS (SELECT FROM stripe_subscriptions WHERE human_name_id = $2 AND NOT cancel_at_period_end \
       AND status IN ('active', 'past_due', 'unpaid')) \
     AND NOT EXISTS (SELECT FROM stripe_payment_methods WHERE human_name_id = $2 AND id <> $1 \
       AND stripe_payment_method_id IS NOT NULL AND detached_at IS NULL AND leave_asked_at IS NULL)";
const LEAVE: &str = "UPDATE stripe_payment_methods SET leave_asked_at = now(), updated_at = now() \
     WHERE id = $1 AND leave_asked_at IS NULL";
const UNTOLD: &str = "SELECT id, human_name_id, stripe_payment_method_id FROM stripe_payment_methods \
     WHERE leave_asked_at < now() - interval '1 minute' AND detached_at IS NULL AND stripe_payment_method_id IS NOT NULL \
     ORDER BY leave_asked_at LIMIT 100";
const NEWEST: &str = "SELECT c.stripe_customer_id, m.stripe_payment_method_id FROM stripe_payment_methods AS m \
     JOIN stripe_customers AS c ON c.human_name_id = m.human_name_id WHERE m.human_name_id = $1 AND c.stripe_customer_id IS NOT NULL \
     AND m.stripe_payment_method_id IS NOT NULL AND m.detached_at IS NULL AND m.leave_asked_at IS NULL \
     ORDER BY m.created_at DESC, m.id DESC LIMIT 1";

/// Takes a person's payment method back, before Stripe hears of it.
///
/// # Errors
/// See [`DbError`].
pub async fn ask(db: &Db, human_name_id: Uuid, id: Uuid) -> Result<Taken, DbError> {
    db.transaction_idempotent(&(human_name_id, id), |session, (human_name_id, id)| {
        Box::pin(async move {
            sqlx::query(LOCK).bind(*human_name_id).execute(session.conn()).await?;
            let find = sqlx::query_as(FIND).bind(*id).bind(*human_name_id);
            let found: Option<Leaving> = find.fetch_optional(session.conn()).await?;
            let Some(leaving) = found else { return Ok(Taken::NotThere) };
            let in_use = sqlx::query_scalar(IN_USE).bind(*id).bind(*human_name_id);
            let in_use: bool = in_use.fetch_one(session.conn()).await?;
            if in_use && leaving.stripe_payment_method_id.is_some() {
                return Ok(Taken::InUse);
            }
            sqlx::query(LEAVE).bind(*id).execute(session.conn()).await?;
            Ok(Taken::Down(leaving))
        })
    })
    .await
}

/// Stripe's identifiers of a person and of what that person added last and has not taken back.
///
/// # Errors
/// See [`DbError`].
pub async fn newest(db: &Db, human_name_id: Uuid) -> Result<Option<(String, String)>, DbError> {
    db.run(&human_name_id, |session, human_name_id| {
        let query = sqlx::query_as(NEWEST).bind(*human_name_id);
        Box::pin(async move { query.fetch_optional(session.conn()).await })
    })
    .await
}

/// Those that were taken back a minute ago and are at Stripe still: whoever asked is gone, or the person has finished with Stripe afterwards.
///
/// # Errors
/// See [`DbError`].
pub async fn untold(db: &Db) -> Result<Vec<Leaving>, DbError> {
    db.run(&(), |session, ()| Box::pin(async move { sqlx::query_as(UNTOLD).fetch_all(session.conn()).await })).await
}
