//! The SQL of people: customers (`human_names`, `mobile_numbers`, `verification_tracking`) and staff (`platform_users`). Reads only; `registration.rs`,
//! `change.rs` and `erasure.rs` write.

use jiff_sqlx::Timestamp;
use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

/// A customer.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Human {
    /// The customer's identifier.
    pub id: Uuid,
    /// Whose address it is.
    pub email_address_id: Uuid,
    /// As the customer wrote it.
    pub first_name: Option<String>,
    /// As the customer wrote it.
    pub surname: Option<String>,
    /// The name chosen for signing in.
    pub username: Option<String>,
    /// Grows with every change.
    pub version: i32,
    /// When the customer was first seen.
    pub created_at: Timestamp,
    /// When something about it last changed.
    pub updated_at: Timestamp,
}

/// What a customer has proved.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Verification {
    /// To read mail at the address.
    pub email_verified: bool,
    /// When.
    pub email_verified_at: Option<Timestamp>,
    /// To have the telephone.
    pub phone_verified: bool,
    /// When.
    pub phone_verified_at: Option<Timestamp>,
    /// Both.
    pub both_verified: bool,
}

/// A member of the staff.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PlatformUser {
    /// The identifier.
    pub id: Uuid,
    /// Where mail goes. Staff are no customers: the address is in no other table.
    pub email: String,
    /// Where calls go.
    pub phone: Option<String>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub surname: String,
    /// The name chosen for signing in.
    pub username: Option<String>,
    /// Whether signing in is allowed.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something about it last changed.
    pub updated_at: Timestamp,
}

/// Who is erased isn't there.
const HUMAN: &str = "SELECT id, email_address_id, first_name, surname, username, version, created_at, updated_at FROM human_names \
     WHERE id = $1 AND erased_at IS NULL";
/// Whoever has never tried to prove anything has no row of its own.
const VERIFICATION: &str = "SELECT coalesce(v.email_verified, false) AS email_verified, v.email_verified_at, \
     coalesce(v.phone_verified, false) AS phone_verified, v.phone_verified_at, coalesce(v.both_verified, false) AS both_verified \
     FROM human_names AS h LEFT JOIN verification_tracking AS v ON v.human_name_id = h.id WHERE h.id = $1 AND h.erased_at IS NULL";
const PLATFORM_USER: &str = "SELECT id, email, phone, first_name, surname, username, is_active, created_at, updated_at FROM platform_users WHERE id = $1";

/// The customer of an identifier.
///
/// # Errors
/// See [`DbError`].
pub async fn human(db: &Db, id: Uuid) -> Result<Option<Human>, DbError> {
    db.run(&id, |session, id| {
        Box::pin(async move { sqlx::query_as(HUMAN).bind(id).fetch_optional(session.conn()).await })
    })
    .await
}

/// What the customer of an identifier has proved; none if there is no such customer.
///
/// # Errors
/// See [`DbError`].
pub async fn verification(db: &Db, id: Uuid) -> Result<Option<Verification>, DbError> {
    db.run(&id, |session, id| {
        Box::pin(async move { sqlx::query_as(VERIFICATION).bind(id).fetch_optional(session.conn()).await })
    })
    .await
}

/// The member of the staff of an identifier.
///
/// # Errors
/// See [`DbError`].
pub async fn platform_user(db: &Db, id: Uuid) -> Result<Option<PlatformUser>, DbError> {
    db.run(&id, |session, id| {
        Box::pin(async move { sqlx::query_as(PLATFORM_USER).bind(id).fetch_optional(session.conn()).await })
    })
    .await
}
