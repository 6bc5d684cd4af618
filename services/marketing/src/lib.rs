//! Marketing: what visitors of the website leave behind. In come captures and messages; out go their identifiers, and to staff what was left, and numbers.
//! Rooms: [`http`] reads and answers, [`domain`] holds the rules, [`store`] the SQL, [`client`] calls Identity, Account and the vendors of
//! captchas, [`captcha`] tells visitors from programs, [`confirming`] asks owners of addresses whether they meant it, [`rights`] says what is held of people and for how long, [`access`] who may, [`tenants`] whose rows are
//! whose, [`openapi`] what the routes are.
//! Must not store an address of a person (Identity does, and gives an identifier for it) but sealed and while Identity is away, nor the name of a company for longer
//! than Account needs to give one for it.

pub mod access;
pub mod captcha;
pub mod client;
pub mod config;
pub mod confirming;
pub mod domain;
pub mod http;
pub mod intake;
pub mod openapi;
pub mod resolver;
pub mod rights;
mod router;
pub mod state;
pub mod store;
pub mod sweeper;
pub mod tenants;

pub use router::router;

use sqlx::migrate::Migrator;

/// The schema this version needs.
#[must_use]
pub fn migrations() -> Migrator {
    sqlx::migrate!()
}
