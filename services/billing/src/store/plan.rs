//! The SQL of `plans` and `plan_prices`.

use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::change::Goal;
use crate::domain::plan::{Declared, Interval};

/// A price of a plan that is offered, with its plan.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Offer {
    /// The price's identifier.
    pub price_id: Uuid,
    /// The plan's.
    pub plan_id: Uuid,
    /// The plan's short name, for programs.
    pub code: String,
    /// The plan's name, for people.
    pub name: String,
    /// How long a new customer may try it.
    pub trial_days: i16,
    /// How many people may have a role in an account that has it.
    pub seats: Option<i32>,
    /// Stripe's identifier of the price.
    pub stripe_price_id: String,
    /// Minor units.
    pub amount: i64,
    /// Three small letters.
    pub currency: String,
    /// `month` or `year`.
    pub interval: String,
}

impl Offer {
    /// The price as Stripe is asked for it.
    #[must_use]
    pub fn goal(&self) -> Goal {
        let (stripe_price_id, currency) = (self.stripe_price_id.clone(), self.currency.clone());
        Goal { stripe_price_id, currency, interval: self.interval.clone() }
    }
}

/// A plan as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Plan {
    /// The plan's identifier.
    pub plan_id: Uuid,
    /// Its short name, for programs.
    pub code: String,
    /// Its name, for people.
    pub name: String,
    /// How long a new customer may try it.
    pub trial_days: i16,
    /// How many people may have a role in an account that has it; none: as many as they like.
    pub seats: Option<i32>,
    /// What it costs: a price for each currency and interval.
    pub prices: Vec<Price>,
}

/// A price as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Price {
    /// What to subscribe to.
    pub price_id: Uuid,
    /// Minor units.
    pub amount: i64,
    /// Three small letters.
    pub currency: String,
    /// `month` or `year`.
    #[schemars(with = "Interval")]
    pub interval: String,
}

const OFFERS: &str = "SELECT p.id AS price_id, p.plan_id, l.code, l.name, l.trial_days, l.seats, p.stripe_price_id, p.amount, p.currency, p.\"interval\" \
     FROM plan_prices AS p JOIN plans AS l ON l.id = p.plan_id \
     WHERE p.stripe_price_id IS NOT NULL AND p.retired_at IS NULL AND l.retired_at IS NULL AND ($1::uuid IS NULL OR p.id = $1) \
     ORDER BY l.code, p.currency, p.\"interval\"";

/// Everything that is offered, by plan, in a stable order.
///
/// # Errors
/// See [`DbError`].
pub async fn offered(db: &Db) -> Result<Vec<Plan>, DbError> {
    let mut plans: Vec<Plan> = Vec::new();
    for offer in offers(db, None).await? {
        let Offer { price_id, plan_id, code, name, trial_days, seats, amount, currency, interval, stripe_price_id: _ } =
            offer;
        let price = Price { price_id, amount, currency, interval };
        match plans.last_mut().filter(|plan| plan.plan_id == plan_id) {
            Some(plan) => plan.prices.push(price),
            None => plans.push(Plan { plan_id, code, name, trial_days, seats, prices: vec![price] }),
        }
    }
    Ok(plans)
}

/// An offer by its price; none if there is no such price, or not any more.
///
/// # Errors
/// See [`DbError`].
pub async fn offer(db: &Db, price_id: Uuid) -> Result<Option<Offer>, DbError> {
    Ok(offers(db, Some(price_id)).await?.into_iter().next())
}

async fn offers(db: &Db, price: Option<Uuid>) -> Result<Vec<Offer>, DbError> {
    db.run(&price, |session, price| {
        Box::pin(async move { sqlx::query_as(OFFERS).bind(price).fetch_all(session.conn()).await })
    })
    .await
}

/// A price that Stripe has to make.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Asked {
    /// Our identifier.
    pub price_id: Uuid,
    /// The plan's short name.
    pub code: String,
    /// The plan's name.
    pub name: String,
    /// Minor units.
    pub amount: i64,
    /// Three small letters.
    pub currency: String,
    /// `month` or `year`.
    pub interval: String,
}

const PLAN: &str = "INSERT INTO plans AS p (id, code, name, trial_days, seats, retired_at) \
     VALUES ($1, $2, $3, $4, $6, CASE WHEN $5 THEN now() END) ON CONFLICT (code) DO UPDATE SET \
     name = excluded.name, trial_days = excluded.trial_days, seats = excluded.seats, retired_at = CASE WHEN $5 THEN coalesce(p.retired_at, now()) END, \
     version = p.version + 1, updated_at = now() RETURNING id";
/// What is declared at another amount, or not at all, is offered no more; who has it keeps it.
const RETIRE: &str = "UPDATE plan_prices AS p SET retired_at = now() WHERE p.plan_id = $1 AND p.retired_at IS NULL AND NOT EXISTS \
     (SELECT FROM unnest($2::bigint[], $3::text[], $4::text[]) AS d (amount, currency, \"interval\") \
      WHERE (d.amount, d.currency, d.\"interval\") = (p.amount, p.currency, p.\"interval\"))";
const ADD: &str = "INSERT INTO plan_prices (id, plan_id, amount, currency, \"interval\") VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (plan_id, currency, \"interval\") WHERE retired_at IS NULL DO NOTHING";
const ASKED: &str = "SELECT p.id AS price_id, l.code, l.name, p.amount, p.currency, p.\"interval\" FROM plan_prices AS p \
     JOIN plans AS l ON l.id = p.plan_id WHERE p.stripe_price_id IS NULL AND p.retired_at IS NULL \
     AND ($1::text IS NULL OR l.code = $1) ORDER BY p.id LIMIT 200";

/// Writes down what is offered of a plan, all at once, before Stripe hears of new prices. Saying the same twice changes nothing but the
/// version.
///
/// # Errors
/// See [`DbError`].
pub async fn declare(db: &Db, declared: &Declared) -> Result<(), DbError> {
    db.transaction_idempotent(declared, |session, declared| {
        Box::pin(async move {
            let plan: Uuid = sqlx::query_scalar(PLAN)
                .bind(Uuid::now_v7())
                .bind(&declared.code)
                .bind(&declared.name)
                .bind(declared.trial_days)
                .bind(declared.prices.is_empty())
                .bind(declared.seats)
                .fetch_one(session.conn())
                .await?;
            let prices = &declared.prices;
            let amounts: Vec<i64> = prices.iter().map(|price| price.amount).collect();
            let currencies: Vec<&str> = prices.iter().map(|price| price.currency.code()).collect();
            let intervals: Vec<&str> = prices.iter().map(|price| price.interval.name()).collect();
            let retire = sqlx::query(RETIRE).bind(plan).bind(amounts).bind(currencies).bind(intervals);
            retire.execute(session.conn()).await?;
            for price in prices {
                let add = sqlx::query(ADD).bind(Uuid::now_v7()).bind(plan).bind(price.amount);
                add.bind(price.currency.code()).bind(price.interval.name()).execute(session.conn()).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Prices that are declared and not at Stripe yet, of one plan or of all.
///
/// # Errors
/// See [`DbError`].
pub async fn asked(db: &Db, plan: Option<&str>) -> Result<Vec<Asked>, DbError> {
    db.run(&plan, |session, plan| {
        Box::pin(async move { sqlx::query_as(ASKED).bind(plan).fetch_all(session.conn()).await })
    })
    .await
}

/// Offers a price no more that Stripe refuses to make.
///
/// # Errors
/// See [`DbError`].
pub async fn refused(db: &Db, price: Uuid) -> Result<(), DbError> {
    db.run(&price, |session, price| {
        let update = "UPDATE plan_prices SET retired_at = now() \
                      WHERE id = $1 AND stripe_price_id IS NULL AND retired_at IS NULL";
        let query = sqlx::query(update).bind(price);
        Box::pin(async move { query.execute(session.conn()).await.map(drop) })
    })
    .await
}

/// Writes down Stripe's identifier: from now on the price is offered.
///
/// # Errors
/// See [`DbError`].
pub async fn answered(db: &Db, price: Uuid, stripe: &str) -> Result<(), DbError> {
    db.run(&(price, stripe), |session, (price, stripe)| {
        let update = "UPDATE plan_prices SET stripe_price_id = $2 WHERE id = $1 AND stripe_price_id IS NULL";
        let query = sqlx::query(update).bind(price).bind(stripe);
        Box::pin(async move { query.execute(session.conn()).await.map(drop) })
    })
    .await
}
