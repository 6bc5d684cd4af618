//! The SQL of what subscriptions are to come to: `end_wish` in `stripe_subscriptions`. What Stripe says of it is written by [`super::mirror`].

use jiff_sqlx::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::http::IfMatch;
use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use crate::domain::ending::{Ending, Verdict};
use crate::domain::subscription::Status;

/// A wish that Stripe has not answered.
#[derive(Debug, Clone)]
pub struct Untold {
    /// Our identifier of the subscription.
    pub id: Uuid,
    /// Stripe's.
    pub stripe_subscription_id: String,
    /// What is wished.
    pub ending: Ending,
    /// When: no two wishes of a subscription have the same.
    pub asked_at: Timestamp,
}

/// What wishing ended in.
#[derive(Debug)]
pub enum Wished {
    /// It is written down: this wish, or the same one that was there.
    Down(Untold),
    /// The subscription of this identifier is as it is wished already.
    AsItIs(Uuid),
    /// The account has none within reach.
    NotThere,
    /// It has changed since it was read.
    Missed,
    /// Something else was wished a moment ago, and Stripe has not answered.
    Busy,
    /// It can't be, and this is why: neither [`Verdict::Ask`] nor [`Verdict::AsItIs`].
    Refused(Verdict),
}

/// The columns that decide, the row locked.
#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    stripe_subscription_id: Option<String>,
    status: Option<String>,
    cancel_at_period_end: bool,
    version: i32,
    end_wish: Option<String>,
    end_asked_at: Option<Timestamp>,
    /// It is to have another price, and Stripe has not answered.
    changing: bool,
}

impl Row {
    /// The wish that Stripe has not answered, if there is one; one of a later version's, which has no name here, is nobody's to tell.
    fn untold(&self) -> Option<Untold> {
        let (ending, asked_at) = (Ending::parse(self.end_wish.as_deref()?)?, self.end_asked_at?);
        Some(Untold { id: self.id, stripe_subscription_id: self.stripe_subscription_id.clone()?, ending, asked_at })
    }
}

/// The same one as a reader of the account's subscription is shown.
const OF_ACCOUNT: &str = "SELECT id FROM stripe_subscriptions WHERE account_id = $1 AND ($2::uuid IS NULL OR human_name_id = $2) \
     ORDER BY (status IS NULL OR status NOT IN ('canceled', 'incomplete_expired')) DESC, created_at DESC, id DESC LIMIT 1";
const LOCK: &str = "SELECT id, stripe_subscription_id, status::text AS status, cancel_at_period_end, version, end_wish, end_asked_at, change_key IS NOT NULL AS changing \
     FROM stripe_subscriptions WHERE id = $1 FOR NO KEY UPDATE";
/// By the clock and not by the transaction's beginning: it may have waited for the lock.
const WISH: &str = "UPDATE stripe_subscriptions SET end_wish = $2, end_asked_at = clock_timestamp(), updated_at = now() WHERE id = $1 \
     RETURNING end_asked_at";
const TOLD: &str = "UPDATE stripe_subscriptions SET end_wish = NULL, end_asked_at = NULL, updated_at = now() \
     WHERE id = $1 AND end_asked_at = $2";
const UNTOLD: &str = "SELECT id, stripe_subscription_id, status::text AS status, cancel_at_period_end, version, end_wish, end_asked_at, change_key IS NOT NULL AS changing \
     FROM stripe_subscriptions WHERE end_wish IS NOT NULL AND end_asked_at < now() - interval '1 minute' ORDER BY end_asked_at LIMIT 100";

/// Writes down what the newest subscription of an account is to come to, of those within reach, before Stripe hears of it. One wish at a time: the next one may
/// be written down when Stripe has answered this one, so that they reach Stripe in their order.
///
/// # Errors
/// See [`DbError`].
pub async fn wish(
    db: &Db,
    account: Uuid,
    meant: Option<&IfMatch>,
    ending: Ending,
    reach: Reach,
) -> Result<Wished, DbError> {
    db.transaction_idempotent(&(account, meant, ending, reach), |session, (account, meant, ending, reach)| {
        Box::pin(async move {
            let find = sqlx::query_scalar(OF_ACCOUNT).bind(account).bind(reach.owner());
            let id: Option<Uuid> = find.fetch_optional(session.conn()).await?;
            let Some(id) = id else { return Ok(Wished::NotThere) };
            let row: Option<Row> = sqlx::query_as(LOCK).bind(id).fetch_optional(session.conn()).await?;
            match row {
                Some(row) => decide(session, row, *meant, *ending).await,
                // Taken back in between: Stripe refused to make it.
                None => Ok(Wished::NotThere),
            }
        })
    })
    .await
}

async fn decide(
    session: &mut Session,
    row: Row,
    meant: Option<&IfMatch>,
    ending: Ending,
) -> Result<Wished, sqlx::Error> {
    if meant.is_some_and(|meant| !meant.means(row.version)) {
        return Ok(Wished::Missed);
    }
    if row.end_wish.is_some() {
        // Also by an attempt of this request whose answer was lost.
        let same = row.untold().filter(|untold| untold.ending == ending);
        return Ok(same.map_or(Wished::Busy, Wished::Down));
    }
    if row.changing {
        return Ok(Wished::Busy);
    }
    match ending.judged(row.status.as_deref().and_then(Status::parse), row.cancel_at_period_end) {
        Verdict::Ask => {
            let Some(stripe_subscription_id) = row.stripe_subscription_id else {
                return Ok(Wished::Refused(Verdict::NotThereYet));
            };
            let wish = sqlx::query_scalar(WISH).bind(row.id).bind(ending.name());
            let asked_at: Timestamp = wish.fetch_one(session.conn()).await?;
            Ok(Wished::Down(Untold { id: row.id, stripe_subscription_id, ending, asked_at }))
        }
        Verdict::AsItIs => Ok(Wished::AsItIs(row.id)),
        other => Ok(Wished::Refused(other)),
    }
}

/// Writes down that Stripe has answered a wish.
///
/// # Errors
/// See [`DbError`].
pub async fn told(db: &Db, wish: &Untold) -> Result<(), DbError> {
    db.run(&(wish.id, wish.asked_at), |session, (id, asked_at)| {
        let told = sqlx::query(TOLD).bind(*id).bind(*asked_at);
        Box::pin(async move { told.execute(session.conn()).await.map(drop) })
    })
    .await
}

/// Wishes that Stripe has not answered for a minute: whoever asked is gone, or has given up.
///
/// # Errors
/// See [`DbError`].
pub async fn untold(db: &Db) -> Result<Vec<Untold>, DbError> {
    let rows: Vec<Row> = db
        .run(&(), |session, ()| Box::pin(async move { sqlx::query_as(UNTOLD).fetch_all(session.conn()).await }))
        .await?;
    Ok(rows.iter().filter_map(Row::untold).collect())
}
