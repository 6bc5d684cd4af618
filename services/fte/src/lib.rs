//! FTE: tests of the financial trading education, how far people have come, and their certificates.
//!
//! In come requests; out go sessions, scenarios, progress and certificates. Rooms: [`http`] reads and answers, [`domain`] holds the rules,
//! [`store`] the SQL, [`badge`] makes credentials of certificates, [`client`] calls Account and the trading service (Identity and Billing are asked as others ask them),
//! [`scenarios`] keeps the tables true to the latter, [`sweeper`] ends what the clock has ended, [`rights`] says what is held of people and for how long,
//! [`access`] who may, [`tenants`] whose rows are whose, [`openapi`] what the routes are. What is right stays in one table, which only the end of a session reads.

pub mod access;
mod admission;
pub mod badge;
pub mod client;
pub mod config;
pub mod domain;
pub mod http;
pub mod openapi;
pub mod rights;
mod router;
pub mod scenarios;
pub mod state;
pub mod store;
pub mod sweeper;
pub mod tenants;

pub use router::{badges, router};

use sqlx::migrate::Migrator;

/// The schema this version needs.
#[must_use]
pub fn migrations() -> Migrator {
    sqlx::migrate!()
}
