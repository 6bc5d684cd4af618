//! The SQL of this service. In come checked values; out go rows. Must not hold rules, nor name a schema: the role's
//! search path says which one.
//!
//! Whoever changes what hangs off an account (its roles, its addresses) locks the account's row first, so that such changes come
//! one after the other and each sees what the one before left. Whether they may is asked then, before anything else, a caller's key included: what
//! was answered under a key isn't told to who may not have it. Reads have whose account it is as a condition.

pub mod account;
pub mod account_page;
pub mod address;
pub mod address_history;
pub mod address_version;
pub mod company;
pub mod company_merge;
pub mod invite;
pub mod invite_change;
pub mod role;

use rerp_kit::access::Reach;
use rerp_kit::pool::Session;
use uuid::Uuid;

use crate::domain::permission::{self, Leave};
use crate::domain::role::Role;

/// Notes which accounts a person reaches, those in which they have a role, for the policies of the tables. Runs as a transaction in the person's name begins.
pub const REACHED: &str = "SELECT note_reached()";

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

/// Whether there is such an account for somebody of this reach: one in which they have a role.
async fn is_account(session: &mut Session, account: Uuid, reach: Reach) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM accounts WHERE id = $1 AND ($2::uuid IS NULL OR EXISTS \
         (SELECT FROM account_roles WHERE account_id = $1 AND human_name_id = $2)))",
    )
    .bind(account)
    .bind(reach.owner())
    .fetch_one(session.conn())
    .await
}

/// Whether somebody of this reach may do something in an account, by their roles. With the account locked they stay what they are until the
/// transaction ends.
async fn permit(session: &mut Session, account: Uuid, reach: Reach, action: &str) -> Result<Leave, sqlx::Error> {
    let Some(person) = reach.owner() else { return Ok(Leave::Given) };
    let roles = "SELECT role::text FROM account_roles WHERE account_id = $1 AND human_name_id = $2";
    let roles = sqlx::query_scalar(roles).bind(account).bind(person);
    let roles: Vec<String> = roles.fetch_all(session.conn()).await?;
    let roles: Vec<Role> = roles.iter().filter_map(|name| Role::parse(name)).collect();
    Ok(permission::leave(&roles, action))
}
