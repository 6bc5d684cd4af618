//! The SQL that finds people by their address. Must not be given anything but canonical addresses.

use jiff::Timestamp;
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::email::EmailAddress;

/// Somebody who has the address, as it is answered.
#[derive(Debug, Clone, Serialize, JsonSchema, sqlx::FromRow)]
#[schemars(rename = "PersonFound")]
pub struct Found {
    /// The one identifier of this customer.
    pub human_name_id: Uuid,
    /// As the customer wrote it.
    pub first_name: Option<String>,
    /// As the customer wrote it.
    pub surname: Option<String>,
    /// The name chosen for signing in.
    pub username: Option<String>,
    /// Whether the customer proved to read mail at the address.
    pub email_verified: bool,
    /// Whether the customer proved to have the telephone.
    pub phone_verified: bool,
    /// When the customer was first seen.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// Who is erased has no address any more.
const WHOSE: &str = "SELECT h.id FROM email_addresses AS e JOIN human_names AS h ON h.email_address_id = e.id \
     WHERE e.email = $1 AND e.erased_at IS NULL AND h.erased_at IS NULL";
/// Of those alone who were named, and who have the address still.
const FOUND: &str = "SELECT h.id AS human_name_id, h.first_name, h.surname, h.username, coalesce(v.email_verified, false) AS email_verified, \
     coalesce(v.phone_verified, false) AS phone_verified, h.created_at FROM human_names AS h \
     JOIN email_addresses AS e ON e.id = h.email_address_id LEFT JOIN verification_tracking AS v ON v.human_name_id = h.id \
     WHERE e.email = $1 AND h.id = ANY ($2) AND e.erased_at IS NULL AND h.erased_at IS NULL ORDER BY h.id";

/// The identifiers of those whose present address it is.
///
/// # Errors
/// See [`DbError`].
pub async fn whose(db: &Db, email: &EmailAddress) -> Result<Vec<Uuid>, DbError> {
    db.run(email, |session, email| {
        let whose = sqlx::query_scalar(WHOSE).bind(email.as_str());
        Box::pin(async move { whose.fetch_all(session.conn()).await })
    })
    .await
}

/// These people, as far as it is their present address.
///
/// # Errors
/// See [`DbError`].
pub async fn found(db: &Db, email: &EmailAddress, people: &[Uuid]) -> Result<Vec<Found>, DbError> {
    db.run(&(email, people), |session, (email, people)| {
        let found = sqlx::query_as(FOUND).bind(email.as_str()).bind(*people);
        Box::pin(async move { found.fetch_all(session.conn()).await })
    })
    .await
}
