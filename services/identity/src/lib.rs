//! Identity: the one registry of email addresses and people. Every other service keeps its identifiers only.
//!
//! In come requests; out go identifiers. Rooms: [`http`] and, for other services, [`grpc`] read and answer, [`domain`] holds
//! the rules, [`store`] the SQL, [`deliver`] the vendors that carry codes, [`verification`] joins them to prove contacts,
//! [`invitations`] to invite people and [`confirmations`] to ask them for other services, [`hooks`] answers what Supabase Auth asks, [`sessions`] forgets old sign-ins,
//! [`announcing`] tells of people whom nobody was told of, [`rights`] says what is held of people and for how long, [`overdue`] counts erasures that are
//! not over, [`access`] says who may, [`tenants`] whose rows are whose, [`openapi`] what the routes are.
//! Must not call any other service: everyone may call this one.

pub mod access;
pub mod announcing;
pub mod config;
pub mod confirmations;
pub mod deliver;
pub mod domain;
pub mod grpc;
pub mod hooks;
pub mod http;
pub mod invitations;
pub mod openapi;
pub mod overdue;
pub mod rights;
mod router;
pub mod sessions;
pub mod store;
pub mod tenants;
pub mod verification;

pub use router::{hooked, router, verifying};

use sqlx::migrate::Migrator;

/// The schema this version needs.
#[must_use]
pub fn migrations() -> Migrator {
    sqlx::migrate!()
}
