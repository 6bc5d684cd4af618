//! The SQL of `plans` and `plan_prices`.

use jiff::Timestamp;
use rerp_kit::pool::{Db, DbError};
use serde::Serialize;
use uuid::Uuid;

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
    /// Minor units.
    pub amount: i64,
    /// Three small letters.
    pub currency: String,
    /// `month` or `year`.
    pub interval: String,
    /// Stripe's.
    pub stripe_price_id: String,
    /// When the plan last changed.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub updated_at: Timestamp,
}

/// A plan as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The plan's identifier.
    pub plan_id: Uuid,
    /// Its short name, for programs.
    pub code: String,
    /// Its name, for people.
    pub name: String,
    /// How long a new customer may try it.
    pub trial_days: i16,
    /// What it costs: a price for each currency and interval.
    pub prices: Vec<Price>,
}

/// A price as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Price {
    /// What to subscribe to.
    pub price_id: Uuid,
    /// Minor units.
    pub amount: i64,
    /// Three small letters.
    pub currency: String,
    /// `month` or `year`.
    pub interval: String,
}

const OFFERS: &str = "SELECT p.id AS price_id, p.plan_id, l.code, l.name, l.trial_days, p.amount, p.currency, p.\"interval\", \
     p.stripe_price_id, l.updated_at FROM plan_prices AS p JOIN plans AS l ON l.id = p.plan_id \
     WHERE p.retired_at IS NULL AND l.retired_at IS NULL AND ($1::uuid IS NULL OR p.id = $1) \
     ORDER BY l.code, p.currency, p.\"interval\"";

/// Everything that is offered, by plan, in a stable order.
///
/// # Errors
/// See [`DbError`].
pub async fn offered(db: &Db) -> Result<Vec<Plan>, DbError> {
    let mut plans: Vec<Plan> = Vec::new();
    for offer in offers(db, None).await? {
        let Offer { price_id, plan_id, code, name, trial_days, amount, currency, interval, .. } = offer;
        let price = Price { price_id, amount, currency, interval };
        match plans.last_mut().filter(|plan| plan.plan_id == plan_id) {
            Some(plan) => plan.prices.push(price),
            None => plans.push(Plan { plan_id, code, name, trial_days, prices: vec![price] }),
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
