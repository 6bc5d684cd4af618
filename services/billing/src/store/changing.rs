//! The SQL of another price that a subscription is to have: `change_*` in `stripe_subscriptions`. What Stripe says of it is written by [`super::mirror`].

use jiff_sqlx::Timestamp;
use rerp_kit::http::IfMatch;
use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use crate::domain::change::{Agreed, Goal, Standing, Verdict};
use crate::domain::subscription::Status;

/// What is wished.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// New for each wish: under it Stripe is asked, however often.
    pub key: Uuid,
    /// Which price.
    pub price_id: Uuid,
    /// The most that may be charged at once, minor units.
    pub due_at_most: i64,
}

/// A wish of which it isn't known what came of it.
#[derive(Debug, Clone)]
pub struct Untold {
    /// Our identifier of the subscription.
    pub id: Uuid,
    /// Stripe's.
    pub stripe_subscription_id: String,
    /// What is wished.
    pub key: Uuid,
    /// When.
    pub asked_at: Timestamp,
    /// Which price.
    pub goal: Goal,
    /// The most that may be charged at once, minor units.
    pub due_at_most: i64,
    /// What Stripe is told; none: it has not been told anything.
    pub agreed: Option<Agreed>,
}

/// What wishing ended in.
#[derive(Debug)]
pub enum Wished {
    /// It is written down.
    Down(Box<Untold>),
    /// The subscription has this price.
    AsItIs,
    /// There is none.
    NotThere,
    /// It has changed since it was read.
    Missed,
    /// It can't be, and this is why: neither [`Verdict::Ask`] nor [`Verdict::AsItIs`].
    Refused(Verdict),
}

/// The columns that decide, the row locked.
#[derive(sqlx::FromRow)]
struct Row {
    status: Option<String>,
    cancel_at_period_end: bool,
    busy: bool,
    price_id: Uuid,
    version: i32,
    change_key: Option<Uuid>,
}

/// A wish as it is written down.
#[derive(sqlx::FromRow)]
struct Written {
    id: Uuid,
    stripe_subscription_id: Option<String>,
    change_key: Uuid,
    change_asked_at: Timestamp,
    change_due_at_most: i64,
    change_item: Option<String>,
    change_prorated_at: Option<i64>,
    change_trial_end: Option<i64>,
    stripe_price_id: Option<String>,
    currency: String,
    interval: String,
}

impl Written {
    fn untold(self) -> Option<Untold> {
        let (prorated_at, trial_end) = (self.change_prorated_at, self.change_trial_end);
        Some(Untold {
            id: self.id,
            stripe_subscription_id: self.stripe_subscription_id?,
            key: self.change_key,
            asked_at: self.change_asked_at,
            goal: Goal { stripe_price_id: self.stripe_price_id?, currency: self.currency, interval: self.interval },
            due_at_most: self.change_due_at_most,
            agreed: self.change_item.map(|item| Agreed { item, prorated_at, trial_end }),
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.stripe_subscription_id, s.change_key, s.change_asked_at, s.change_due_at_most, s.change_item, s.change_prorated_at, s.change_trial_end, \
             p.stripe_price_id, p.currency, p.\"interval\" FROM stripe_subscriptions AS s JOIN plan_prices AS p ON p.id = s.change_price_id WHERE ",
            $rest
        )
    };
}

const LOCK: &str = "SELECT status::text AS status, cancel_at_period_end, end_wish IS NOT NULL OR change_key IS NOT NULL AS busy, price_id, version, change_key \
     FROM stripe_subscriptions WHERE id = $1 AND stripe_subscription_id IS NOT NULL FOR NO KEY UPDATE";
/// By the clock and not by the transaction's beginning: it may have waited for the lock.
const WISH: &str = "UPDATE stripe_subscriptions SET change_key = $2, change_price_id = $3, change_due_at_most = $4, change_asked_at = clock_timestamp(), updated_at = now() \
     WHERE id = $1";
const WRITTEN: &str = select!("s.id = $1 AND s.change_key = $2");
/// Once: what Stripe may have been told is told again as it was.
const AGREED: &str = "UPDATE stripe_subscriptions SET change_item = $3, change_prorated_at = $4, change_trial_end = $5, updated_at = now() \
     WHERE id = $1 AND change_key = $2 AND (change_item IS NULL OR (change_item, change_prorated_at, change_trial_end) IS NOT DISTINCT FROM ($3, $4, $5))";
const TOLD: &str = "UPDATE stripe_subscriptions SET change_key = NULL, change_asked_at = NULL, change_price_id = NULL, change_due_at_most = NULL, \
     change_item = NULL, change_prorated_at = NULL, change_trial_end = NULL, updated_at = now() WHERE id = $1 AND change_key = $2";
/// Longer than whoever has asked can still be asking: two looks and a change, ten seconds and three attempts each.
const UNTOLD: &str = select!("s.change_asked_at < now() - interval '2 minutes' ORDER BY s.change_asked_at LIMIT 100");

/// Writes down that a subscription is to have another price, before Stripe is asked what that costs. From then on nobody else's wish reaches Stripe until
/// it is known what came of this one.
///
/// # Errors
/// See [`DbError`]; violated constraint: `stripe_subscriptions_changing` (another subscription of the same person is being changed).
pub async fn wish(db: &Db, id: Uuid, meant: &IfMatch, wish: Wish) -> Result<Wished, DbError> {
    db.transaction_idempotent(&(id, meant, wish), |session, (id, meant, wish)| {
        Box::pin(async move {
            let row: Option<Row> = sqlx::query_as(LOCK).bind(id).fetch_optional(session.conn()).await?;
            match row {
                Some(row) => decide(session, *id, row, meant, *wish).await,
                None => Ok(Wished::NotThere),
            }
        })
    })
    .await
}

async fn decide(session: &mut Session, id: Uuid, row: Row, meant: &IfMatch, wish: Wish) -> Result<Wished, sqlx::Error> {
    // Unless it is this one, by an attempt whose answer was lost.
    if row.change_key != Some(wish.key) {
        if !meant.means(row.version) {
            return Ok(Wished::Missed);
        }
        let status = row.status.as_deref().and_then(Status::parse);
        let same = row.price_id == wish.price_id;
        match (Standing { status, ends: row.cancel_at_period_end, busy: row.busy, same }).judged() {
            Verdict::Ask => {}
            Verdict::AsItIs => return Ok(Wished::AsItIs),
            other => return Ok(Wished::Refused(other)),
        }
        let write = sqlx::query(WISH).bind(id).bind(wish.key).bind(wish.price_id).bind(wish.due_at_most);
        write.execute(session.conn()).await?;
    }
    let written: Option<Written> =
        sqlx::query_as(WRITTEN).bind(id).bind(wish.key).fetch_optional(session.conn()).await?;
    Ok(written.and_then(Written::untold).map_or(Wished::NotThere, |untold| Wished::Down(Box::new(untold))))
}

/// Writes down what Stripe is about to be told. False if the wish isn't there any more, and nobody may be told.
///
/// # Errors
/// See [`DbError`].
pub async fn agreed(db: &Db, wish: &Untold, agreed: &Agreed) -> Result<bool, DbError> {
    db.run(&(wish.id, wish.key, agreed), |session, (id, key, agreed)| {
        let write = sqlx::query(AGREED).bind(*id).bind(*key).bind(&agreed.item);
        let write = write.bind(agreed.prorated_at).bind(agreed.trial_end);
        Box::pin(async move { Ok(write.execute(session.conn()).await?.rows_affected() == 1) })
    })
    .await
}

/// Writes down that it is known what came of a wish.
///
/// # Errors
/// See [`DbError`].
pub async fn told(db: &Db, wish: &Untold) -> Result<(), DbError> {
    db.run(&(wish.id, wish.key), |session, (id, key)| {
        let told = sqlx::query(TOLD).bind(*id).bind(*key);
        Box::pin(async move { told.execute(session.conn()).await.map(drop) })
    })
    .await
}

/// Wishes of which it isn't known what came of them, and whose caller is gone by now.
///
/// # Errors
/// See [`DbError`].
pub async fn untold(db: &Db) -> Result<Vec<Untold>, DbError> {
    let rows: Vec<Written> = db
        .run(&(), |session, ()| Box::pin(async move { sqlx::query_as(UNTOLD).fetch_all(session.conn()).await }))
        .await?;
    Ok(rows.into_iter().filter_map(Written::untold).collect())
}
