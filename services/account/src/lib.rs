//! Account: accounts, and the one registry of companies. Every other service keeps their identifiers only.
//!
//! In come requests; out go identifiers. Rooms: [`http`] and, for other services, [`grpc`] read and answer, [`domain`] holds
//! the rules, [`store`] the SQL, [`rights`] says what is held of people and for how long, [`access`] who may, [`tenants`] whose rows are whose,
//! [`openapi`] what the routes are. People are asked for at Identity, which alone knows them, and the seats of a plan at Billing. Must not call any other service.

pub mod access;
pub mod domain;
pub mod grpc;
pub mod http;
pub mod openapi;
mod permissions;
pub mod rights;
mod router;
pub mod state;
pub mod store;
pub mod tenants;

pub use router::router;

use sqlx::migrate::Migrator;

/// The schema this version needs.
#[must_use]
pub fn migrations() -> Migrator {
    sqlx::migrate!()
}
