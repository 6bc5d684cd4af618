//! The SQL of `stripe_customers`.

use jiff_sqlx::Timestamp;
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// A row, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
pub struct Customer {
    /// Our identifier.
    #[sqlx(rename = "id")]
    pub customer_id: Uuid,
    /// Identity's.
    pub human_name_id: Uuid,
    /// Stripe's; none until it has answered.
    #[serde(skip)]
    pub stripe_customer_id: Option<String>,
    /// The ticket of the fetch that wrote it last.
    #[serde(skip)]
    pub fetched: i64,
    /// When it was asked for.
    #[serde(skip)]
    pub created_at: Timestamp,
}

const BY_PERSON: &str =
    "SELECT id, human_name_id, stripe_customer_id, fetched, created_at FROM stripe_customers WHERE human_name_id = $1";

/// The row of a person, made if there is none; and whether this call made it.
///
/// # Errors
/// See [`DbError`].
pub async fn ask(db: &Db, id: Uuid, human_name_id: Uuid) -> Result<(Customer, bool), DbError> {
    let customer: Customer = db
        .run(&(id, human_name_id), |session, (id, human_name_id)| {
            Box::pin(async move {
                let insert = "INSERT INTO stripe_customers (id, human_name_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                sqlx::query(insert).bind(id).bind(human_name_id).execute(session.conn()).await?;
                sqlx::query_as(BY_PERSON).bind(human_name_id).fetch_one(session.conn()).await
            })
        })
        .await?;
    let made = customer.customer_id == id;
    Ok((customer, made))
}

/// Writes down Stripe's identifier.
///
/// # Errors
/// See [`DbError`].
pub async fn answered(db: &Db, id: Uuid, stripe: &str) -> Result<(), DbError> {
    db.run(&(id, stripe), |session, (id, stripe)| {
        let update = "UPDATE stripe_customers SET stripe_customer_id = $2, updated_at = now() \
                      WHERE id = $1 AND stripe_customer_id IS NULL";
        let query = sqlx::query(update).bind(id).bind(stripe);
        Box::pin(async move { query.execute(session.conn()).await.map(drop) })
    })
    .await
}
