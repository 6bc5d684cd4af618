//! Account: accounts, and the one registry of companies. Every other service keeps their identifiers only.
//!
//! In come requests; out go identifiers. Rooms: [`http`] and, for other services, [`grpc`] read and answer, [`domain`] holds
//! the rules, [`store`] the SQL. So far it answers for companies; the tables of accounts, roles and addresses are there and filled by the demo.

pub mod domain;
pub mod grpc;
pub mod http;
mod router;
pub mod store;

pub use router::router;

use sqlx::migrate::Migrator;

/// The schema this version needs.
#[must_use]
pub fn migrations() -> Migrator {
    sqlx::migrate!()
}
