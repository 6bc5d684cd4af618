//! Marketing: what visitors of the website leave behind. In come captures and messages; out go their identifiers.
//! Rooms: [`http`] reads and answers, [`domain`] holds the rules, [`store`] the SQL, [`client`] calls Identity.
//! Must not store an address of a person: Identity does, and gives an identifier for it.

pub mod client;
pub mod domain;
pub mod http;
mod router;
pub mod state;
pub mod store;
mod sweeper;

pub use router::router;
pub use sweeper::keep_swept;

use sqlx::migrate::Migrator;

/// The schema this version needs.
#[must_use]
pub fn migrations() -> Migrator {
    sqlx::migrate!()
}
