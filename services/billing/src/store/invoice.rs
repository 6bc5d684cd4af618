//! The SQL that shows what an account was asked to pay. Amounts are in the smallest unit of their currency.

use jiff::Timestamp;
use rerp_kit::access::Reach;
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// An invoice and its payment, as they are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct Invoice {
    /// Its identifier here.
    #[sqlx(rename = "id")]
    pub invoice_id: Uuid,
    /// Of the subscription it is for.
    pub subscription_id: Uuid,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: String,
    /// What is to be paid.
    pub amount_due: i64,
    /// What was paid.
    pub amount_paid: i64,
    /// ISO 4217, small letters.
    pub currency: String,
    /// How its payment stands, in Stripe's words; none before there is one.
    pub payment_status: Option<String>,
    /// When we first heard of it.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

const PAGE: &str = "SELECT i.id, s.id AS subscription_id, i.status, i.amount_due, i.amount_paid, i.currency, p.status AS payment_status, i.created_at \
     FROM stripe_subscriptions AS s JOIN stripe_invoices AS i ON i.stripe_subscription_id = s.stripe_subscription_id \
     LEFT JOIN stripe_payment_intents AS p ON p.stripe_payment_intent_id = i.stripe_payment_intent_id \
     WHERE s.account_id = $1 AND ($2::uuid IS NULL OR s.human_name_id = $2) AND i.id > $3 ORDER BY i.id LIMIT $4";
const HAS_ANY: &str = "SELECT EXISTS (SELECT FROM stripe_subscriptions WHERE account_id = $1 AND ($2::uuid IS NULL OR human_name_id = $2))";

/// Up to `most` invoices of an account after the identifier `after`, of subscriptions that somebody of this reach has asked for; none if there is no such subscription.
///
/// # Errors
/// See [`DbError`].
pub async fn page(
    db: &Db,
    account: Uuid,
    reach: Reach,
    after: Uuid,
    most: i64,
) -> Result<Option<Vec<Invoice>>, DbError> {
    db.run(&(account, reach, after, most), |session, (account, reach, after, most)| {
        Box::pin(async move {
            let any = sqlx::query_scalar(HAS_ANY).bind(account).bind(reach.owner());
            let any: bool = any.fetch_one(session.conn()).await?;
            if !any {
                return Ok(None);
            }
            let page = sqlx::query_as(PAGE).bind(account).bind(reach.owner()).bind(after).bind(most);
            page.fetch_all(session.conn()).await.map(Some)
        })
    })
    .await
}
