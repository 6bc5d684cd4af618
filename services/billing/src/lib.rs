//! Billing: plans, and everything that Stripe has to do with us. No other service talks to Stripe.
//!
//! In come requests and Stripe's events; out go identifiers, states and entitlements. Rooms: [`http`] reads and answers, [`domain`] holds the
//! rules, [`store`] the SQL, [`stripe`] asks Stripe, `ending` has it end subscriptions, `leaving` forget payment methods, [`changing`] give a subscription another price, [`mirror`] keeps the tables true to it, [`reconcile`] proves that
//! it did, [`rights`] says what is held of people and for how long, [`access`] who may, [`tenants`] whose rows are whose, [`openapi`] what the routes are.
//! People are asked for at Identity, which alone knows them. Must not store what identifies a card or a person.

pub mod access;
pub mod asking;
pub mod changing;
pub mod config;
pub mod domain;
mod ending;
pub mod grpc;
pub mod http;
mod leaving;
pub mod mirror;
pub mod openapi;
pub mod reconcile;
pub mod rights;
mod router;
pub mod state;
pub mod store;
pub mod stripe;
pub mod tenants;

pub use router::router;

use sqlx::migrate::Migrator;

/// The schema this version needs.
#[must_use]
pub fn migrations() -> Migrator {
    sqlx::migrate!()
}
