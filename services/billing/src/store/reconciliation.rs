//! The SQL of `reconciliations`, and of walking through what lives.

use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

/// Not before this hour, UTC: few people pay at night.
const HOUR: i32 = 2;
/// Rows of one page.
const PAGE: i64 = 100;

const BEGIN: &str = "INSERT INTO reconciliations (day) SELECT (now() AT TIME ZONE 'UTC')::date \
     WHERE extract(hour FROM now() AT TIME ZONE 'UTC') >= $1 ON CONFLICT DO NOTHING";
const FINISH: &str = "UPDATE reconciliations SET finished_at = now(), compared = $1, differences = $2, unknown = $3 \
     WHERE day = (SELECT max(day) FROM reconciliations)";
const LIVING: &str = "SELECT id, stripe_subscription_id FROM stripe_subscriptions WHERE id > $1 AND stripe_subscription_id IS NOT NULL \
     AND (status IS NULL OR status NOT IN ('canceled', 'incomplete_expired')) ORDER BY id LIMIT $2";
const KNOWN: &str = "SELECT EXISTS (SELECT FROM stripe_subscriptions WHERE id = $1)";
/// What people see of a row, and not when it was looked at.
const SAYS: &str = "SELECT concat_ws(' ', status, trial_end, current_period_end, cancel_at_period_end, price_id) \
     FROM stripe_subscriptions WHERE id = $1";

/// What a turn has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Rows compared.
    pub compared: i32,
    /// Rows that said something else than Stripe.
    pub differences: i32,
    /// Subscriptions at Stripe with an identifier of ours and no row.
    pub unknown: i32,
}

/// Begins today's turn. Returns whether it is this caller's.
///
/// # Errors
/// See [`DbError`]. A caller that is not told that the turn is its own leaves it out; the next night is another.
pub async fn begin(db: &Db) -> Result<bool, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move { Ok(sqlx::query(BEGIN).bind(HOUR).execute(session.conn()).await?.rows_affected() == 1) })
    })
    .await
}

/// Writes down what the newest turn has found.
///
/// # Errors
/// See [`DbError`].
pub async fn finish(db: &Db, found: Found) -> Result<(), DbError> {
    db.run(&found, |session, found| {
        let query = sqlx::query(FINISH).bind(found.compared).bind(found.differences).bind(found.unknown);
        Box::pin(async move { query.execute(session.conn()).await.map(drop) })
    })
    .await
}

/// A page of subscriptions that have not ended, after an identifier: ours and Stripe's.
///
/// # Errors
/// See [`DbError`].
pub async fn living(db: &Db, after: Uuid) -> Result<Vec<(Uuid, String)>, DbError> {
    db.run(&after, |session, after| {
        Box::pin(async move { sqlx::query_as(LIVING).bind(after).bind(PAGE).fetch_all(session.conn()).await })
    })
    .await
}

/// What a subscription's row says, as one text to compare.
///
/// # Errors
/// See [`DbError`].
pub async fn says(db: &Db, id: Uuid) -> Result<Option<String>, DbError> {
    db.run(&id, |session, id| {
        Box::pin(async move { sqlx::query_scalar(SAYS).bind(id).fetch_optional(session.conn()).await })
    })
    .await
}

/// Whether there is a row.
///
/// # Errors
/// See [`DbError`].
pub async fn is_known(db: &Db, id: Uuid) -> Result<bool, DbError> {
    db.run(&id, |session, id| {
        Box::pin(async move { sqlx::query_scalar(KNOWN).bind(id).fetch_one(session.conn()).await })
    })
    .await
}
