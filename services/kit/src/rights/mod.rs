//! What a person may ask of their own data, and how long data stays. In come tables that say what a service holds of people and for how long; out go a
//! person's data, receipts of what was erased, and rows that are gone when their time is over.
//!
//! A service has two constants in its `rights.rs`: [`Held`] rows, one for each table with something of a person, in the order in which they are erased,
//! and [`Lifetime`] rows, one for each table of its schema. Tests compare both with the schema, so that a new table can't be forgotten. See
//! `docs/adr/0032`. Must not know what a row means.

mod erase;
mod export;
mod held;
mod lifetime;
mod log;
mod retention;

pub use erase::{Part, erase, erase_once, look_again};
pub use export::{Export, Table, export};
pub use held::{AtErase, By, Held, Subject};
pub use lifetime::{End, Lifetime};
pub use retention::{Retention, keep_in_time};

/// The table `rights_log`, as each service that holds something of people has it in a migration.
pub const DDL: &str = include_str!("rights.sql");
