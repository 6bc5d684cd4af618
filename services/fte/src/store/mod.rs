//! The SQL of this service. In come checked values; out go rows. Must not hold rules, nor name a schema: the role's search path says which
//! one.
//!
//! What belongs to a person is found within a reach: its condition is in the query that finds or locks the row, so for everybody else there is none.
//!
//! Locks are taken in one order: a session, then what hangs off it: its scenario, or its person's progress. So ends of sessions come one after the
//! other, and each sees what the one before left.

pub mod badge;
pub mod certificate;
pub mod extra_time;
mod grade;
pub mod module;
pub mod progress;
pub mod question;
pub mod saved;
pub mod scenario;
pub mod scenario_action;
pub mod session;
pub mod statistics;

use serde::{Serialize, Serializer};

/// A time that may not have come, as it is answered.
#[allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "serde's form")]
fn maybe<S: Serializer>(time: &Option<jiff_sqlx::Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(jiff_sqlx::Timestamp::to_jiff).serialize(serializer)
}

/// A text of the database that this version has no name for.
fn unknown(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(format!("an unknown {what}").into())
}
