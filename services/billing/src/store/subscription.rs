//! The SQL of `stripe_subscriptions`, as far as callers ask for it. What Stripe says is written by [`super::mirror`].

use jiff_sqlx::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::idempotency::{Claim, Standing, give_back, take};
use rerp_kit::pool::{Db, DbError};
use serde::Serialize;
use uuid::Uuid;

use super::made::{Made, made};
use crate::domain::subscription::{Entitlement, Status};

/// A subscription that somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Wish {
    /// Account's.
    pub account_id: Uuid,
    /// Identity's: whose payment method pays.
    pub human_name_id: Uuid,
    /// At which price.
    pub price_id: Uuid,
    /// Whether the person may have a trial as far as Identity can say; not part of what is asked for.
    #[serde(skip)]
    pub verified: bool,
}

/// A row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Subscription {
    /// Our identifier.
    pub id: Uuid,
    /// Account's.
    pub account_id: Uuid,
    /// Identity's.
    pub human_name_id: Uuid,
    /// Which plan.
    pub plan_id: Uuid,
    /// At which price.
    pub price_id: Uuid,
    /// Stripe's identifier of the price.
    pub stripe_price_id: String,
    /// Stripe's; none until it has answered.
    pub stripe_subscription_id: Option<String>,
    /// What was asked for.
    pub trial_days: i16,
    /// One of Stripe's eight; none until it has answered.
    pub status: Option<String>,
    /// Since when it has that status.
    pub status_since: Timestamp,
    /// When the trial ends or ended.
    pub trial_end: Option<Timestamp>,
    /// When what is paid for ends.
    pub current_period_end: Option<Timestamp>,
    /// Then it ends altogether.
    pub cancel_at_period_end: bool,
    /// Its end or another price was wished, and Stripe has not answered.
    pub busy: bool,
    /// Grows with every change; the ETag.
    pub version: i32,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// How many people its plan lets have a role in the account; none: as many as they like.
    pub seats: Option<i32>,
}

impl Subscription {
    /// What it entitles the account to at `now`: nothing until Stripe has answered.
    #[must_use]
    pub fn entitlement(&self, now: jiff::Timestamp) -> Entitlement {
        let status = self.status.as_deref().and_then(Status::parse);
        status.map_or(Entitlement::None, |status| Entitlement::of(status, self.status_since.to_jiff(), now))
    }
}

/// What asking ended in.
#[derive(Debug)]
pub enum Asked {
    /// The row is there: this call's, or the one that the same key made.
    Row(Box<Subscription>),
    /// Nothing is offered at this price.
    Nothing,
    /// The caller's key was used for something else, or is being used.
    Key(Standing),
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.account_id, s.human_name_id, s.plan_id, s.price_id, p.stripe_price_id, s.stripe_subscription_id, s.trial_days, \
             s.status::text AS status, s.status_since, s.trial_end, s.current_period_end, s.cancel_at_period_end, \
             s.end_wish IS NOT NULL OR s.change_key IS NOT NULL AS busy, s.version, s.created_at, \
             (SELECT l.seats FROM plans AS l WHERE l.id = s.plan_id) AS seats \
             FROM stripe_subscriptions AS s JOIN plan_prices AS p ON p.id = s.price_id WHERE ",
            $rest
        )
    };
}

const BY_ID: &str = select!("s.id = $1");
/// One that lives comes first, then the newest.
const OF_ACCOUNT: &str = select!(
    "s.account_id = $1 AND ($2::uuid IS NULL OR s.human_name_id = $2) \
     ORDER BY (s.status IS NULL OR s.status NOT IN ('canceled', 'incomplete_expired')) DESC, s.created_at DESC, s.id DESC LIMIT 1"
);
/// A trial is for people who are proven to be one, once each: otherwise the days are none, and the first payment is due at once.
const INSERT: &str = "INSERT INTO stripe_subscriptions (id, account_id, human_name_id, plan_id, price_id, trial_days) \
     SELECT $1, $2, $3, l.id, p.id, CASE WHEN $5 AND NOT EXISTS (SELECT FROM stripe_subscriptions WHERE human_name_id = $3 AND trial_days > 0) THEN l.trial_days ELSE 0 END \
     FROM plan_prices AS p JOIN plans AS l ON l.id = p.plan_id WHERE p.id = $4 \
     AND p.stripe_price_id IS NOT NULL AND p.retired_at IS NULL AND l.retired_at IS NULL";

/// Writes down that a subscription is wanted, once per key, before Stripe hears of it.
///
/// # Errors
/// See [`DbError`]; violated constraints: `stripe_subscriptions_pkey` (the identifier is taken), `stripe_subscriptions_living` (the account has one).
pub async fn ask(db: &Db, id: Uuid, wish: Wish, key: Option<Claim>) -> Result<Asked, DbError> {
    db.transaction_idempotent(&(id, wish, key), |session, (id, wish, key)| {
        Box::pin(async move {
            let mut row = *id;
            match take(session, key.as_ref(), &Made { id: row }).await? {
                Standing::Fresh => {
                    let insert = if session.attempt() > 1 && key.is_none() { INSERT_OWN } else { INSERT };
                    let query = sqlx::query(insert).bind(row).bind(wish.account_id).bind(wish.human_name_id);
                    query.bind(wish.price_id).bind(wish.verified).execute(session.conn()).await?;
                }
                Standing::Done(answer) => row = made(answer)?,
                other => return Ok(Asked::Key(other)),
            }
            if let Some(row) = sqlx::query_as(BY_ID).bind(row).fetch_optional(session.conn()).await? {
                return Ok(Asked::Row(Box::new(row)));
            }
            // Nothing is offered at this price, or what the key stood for was refused after its caller had gone: the key is free again.
            give_back(session, key.as_ref()).await?;
            Ok(Asked::Nothing)
        })
    })
    .await
}

/// The same after an attempt of this request whose answer was lost: the row in the way may be its own.
const INSERT_OWN: &str = "INSERT INTO stripe_subscriptions (id, account_id, human_name_id, plan_id, price_id, trial_days) \
     SELECT $1, $2, $3, l.id, p.id, CASE WHEN $5 AND NOT EXISTS (SELECT FROM stripe_subscriptions WHERE human_name_id = $3 AND trial_days > 0) THEN l.trial_days ELSE 0 END \
     FROM plan_prices AS p JOIN plans AS l ON l.id = p.plan_id WHERE p.id = $4 \
     AND p.stripe_price_id IS NOT NULL AND p.retired_at IS NULL AND l.retired_at IS NULL ON CONFLICT (id) DO NOTHING";

/// Takes a wish back that Stripe has refused, and gives the caller's key back: nothing was made.
///
/// # Errors
/// See [`DbError`].
pub async fn refused(db: &Db, id: Uuid, key: Option<Claim>) -> Result<(), DbError> {
    db.transaction_idempotent(&(id, key), |session, (id, key)| {
        Box::pin(async move {
            let delete = "DELETE FROM stripe_subscriptions WHERE id = $1 AND stripe_subscription_id IS NULL";
            sqlx::query(delete).bind(id).execute(session.conn()).await?;
            give_back(session, key.as_ref()).await
        })
    })
    .await
}

/// Writes down Stripe's identifier.
///
/// # Errors
/// See [`DbError`].
pub async fn answered(db: &Db, id: Uuid, stripe: &str) -> Result<(), DbError> {
    db.run(&(id, stripe), |session, (id, stripe)| {
        let update = "UPDATE stripe_subscriptions SET stripe_subscription_id = $2, updated_at = now() \
                      WHERE id = $1 AND stripe_subscription_id IS NULL";
        let query = sqlx::query(update).bind(id).bind(stripe);
        Box::pin(async move { query.execute(session.conn()).await.map(drop) })
    })
    .await
}

/// A subscription.
///
/// # Errors
/// See [`DbError`].
pub async fn by_id(db: &Db, id: Uuid) -> Result<Option<Subscription>, DbError> {
    db.run(&id, |session, id| {
        Box::pin(async move { sqlx::query_as(BY_ID).bind(id).fetch_optional(session.conn()).await })
    })
    .await
}

/// The newest subscription of an account, of those within reach.
///
/// # Errors
/// See [`DbError`].
pub async fn of_account(db: &Db, account: Uuid, reach: Reach) -> Result<Option<Subscription>, DbError> {
    db.run(&(account, reach), |session, (account, reach)| {
        let find = sqlx::query_as(OF_ACCOUNT).bind(account).bind(reach.owner());
        Box::pin(async move { find.fetch_optional(session.conn()).await })
    })
    .await
}

/// Wishes that Stripe has not answered for a minute: whoever asked is gone, or has given up.
///
/// # Errors
/// See [`DbError`].
pub async fn unanswered(db: &Db) -> Result<Vec<Uuid>, DbError> {
    let select = "SELECT id FROM stripe_subscriptions WHERE status IS NULL \
                  AND created_at < now() - interval '1 minute' ORDER BY created_at LIMIT 100";
    db.run(&(), move |session, ()| Box::pin(async move { sqlx::query_scalar(select).fetch_all(session.conn()).await }))
        .await
}
