//! The SQL of `stripe_payment_methods`, as far as people ask for it. What Stripe says is written by [`super::mirror`].

use rerp_kit::idempotency::{Claim, Standing, take};
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::made::{Made, made};

/// A payment method, as it is answered. What is null is known once the person has finished with Stripe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
pub struct PaymentMethod {
    /// Our identifier.
    #[sqlx(rename = "id")]
    pub payment_method_id: Uuid,
    /// Identity's: whose.
    pub human_name_id: Uuid,
    /// `visa`…
    pub brand: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
    /// 1 to 12.
    pub exp_month: Option<i16>,
    /// Four digits.
    pub exp_year: Option<i16>,
    /// Whether it can be charged: the person has finished with Stripe, and has not taken it back.
    pub usable: bool,
}

const PAGE: &str = "SELECT id, human_name_id, brand, last4, exp_month, exp_year, stripe_payment_method_id IS NOT NULL AS usable \
     FROM stripe_payment_methods WHERE human_name_id = $1 AND id > $2 AND detached_at IS NULL AND leave_asked_at IS NULL ORDER BY id LIMIT $3";

/// What asking ended in.
#[derive(Debug)]
pub enum Asked {
    /// The row is there, by this identifier: this call's, or the one that the same key made.
    Row(Uuid),
    /// The caller's key was used for something else, or is being used.
    Key(Standing),
}

/// Writes down that a person wants to add a payment method, once per key, before Stripe hears of it.
///
/// # Errors
/// See [`DbError`]; violated constraint: `stripe_payment_methods_pkey` (the identifier is taken).
pub async fn ask(db: &Db, id: Uuid, human_name_id: Uuid, key: Option<Claim>) -> Result<Asked, DbError> {
    db.transaction_idempotent(&(id, human_name_id, key), |session, (id, human_name_id, key)| {
        Box::pin(async move {
            match take(session, key.as_ref(), &Made { id: *id }).await? {
                Standing::Fresh => {
                    // The row in the way of a later attempt is its own: without a key nobody else has the identifier.
                    let insert = if session.attempt() > 1 && key.is_none() {
                        "INSERT INTO stripe_payment_methods (id, human_name_id) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
                    } else {
                        "INSERT INTO stripe_payment_methods (id, human_name_id) VALUES ($1, $2)"
                    };
                    sqlx::query(insert).bind(id).bind(human_name_id).execute(session.conn()).await?;
                    Ok(Asked::Row(*id))
                }
                Standing::Done(answer) => Ok(Asked::Row(made(answer)?)),
                other => Ok(Asked::Key(other)),
            }
        })
    })
    .await
}

/// Writes down Stripe's identifier of the setup that the person finishes: the one whose secret was handed out last.
///
/// # Errors
/// See [`DbError`].
pub async fn answered(db: &Db, id: Uuid, setup: &str) -> Result<(), DbError> {
    db.run(&(id, setup), |session, (id, setup)| {
        let update = "UPDATE stripe_payment_methods SET stripe_setup_intent_id = $2, updated_at = now() \
                      WHERE id = $1 AND stripe_payment_method_id IS NULL";
        let query = sqlx::query(update).bind(id).bind(setup);
        Box::pin(async move { query.execute(session.conn()).await.map(drop) })
    })
    .await
}

const NEWEST: &str = "SELECT c.stripe_customer_id, m.stripe_payment_method_id FROM stripe_payment_methods AS m \
     JOIN stripe_customers AS c ON c.human_name_id = m.human_name_id WHERE m.human_name_id = \
     (SELECT s.human_name_id FROM stripe_payment_methods AS s WHERE s.stripe_setup_intent_id = $1) \
     AND c.stripe_customer_id IS NOT NULL AND m.stripe_payment_method_id IS NOT NULL AND m.detached_at IS NULL AND m.leave_asked_at IS NULL ORDER BY m.created_at DESC, m.id DESC LIMIT 1";

/// Stripe's identifiers of a person and of what that person added last, by any of the person's setups.
///
/// # Errors
/// See [`DbError`].
pub async fn newest(db: &Db, setup: &str) -> Result<Option<(String, String)>, DbError> {
    db.run(setup, |session, setup| {
        let query = sqlx::query_as(NEWEST).bind(setup);
        Box::pin(async move { query.fetch_optional(session.conn()).await })
    })
    .await
}

/// A person's payment methods after an identifier, in the order in which they were asked for; those taken back are left out.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, human_name_id: Uuid, after: Uuid, limit: i64) -> Result<Vec<PaymentMethod>, DbError> {
    db.run(&(human_name_id, after, limit), |session, (human_name_id, after, limit)| {
        let query = sqlx::query_as(PAGE).bind(human_name_id).bind(after).bind(limit);
        Box::pin(async move { query.fetch_all(session.conn()).await })
    })
    .await
}
