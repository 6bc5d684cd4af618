//! The SQL of this service. In come checked values; out go rows. Must not hold rules, nor name a schema: the role's
//! search path says which one.
//!
//! Whoever changes what hangs off an account (its roles, its addresses) locks the account's row first, so that such changes come
//! one after the other and each sees what the one before left.

pub mod account;
pub mod address;
pub mod address_version;
pub mod company;
pub mod role;

use rerp_kit::pool::Session;
use uuid::Uuid;

/// An account whose row is locked until the transaction ends.
#[derive(sqlx::FromRow)]
struct Locked {
    company_id: Option<Uuid>,
}

/// Locks an account, if there is one. Rows that refer to it can still be added by others that don't ask for this lock.
async fn lock_account(session: &mut Session, account: Uuid) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as("SELECT company_id FROM accounts WHERE id = $1 FOR NO KEY UPDATE")
        .bind(account)
        .fetch_optional(session.conn())
        .await
}

/// Whether there is such an account.
async fn is_account(session: &mut Session, account: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM accounts WHERE id = $1)")
        .bind(account)
        .fetch_one(session.conn())
        .await
}
