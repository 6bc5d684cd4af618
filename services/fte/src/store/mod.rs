//! The SQL of this service. In come checked values; out go rows. Must not hold rules, nor name a schema: the role's search path says which
//! one.
//!
//! What belongs to a person is found within a reach: its condition is in the query that finds or locks the row, so for everybody else there is none.
//!
//! Locks are taken in one order: a session, then what hangs off it: its scenario, or its person's progress. So ends of sessions come one after the
//! other, and each sees what the one before left.

pub mod certificate;
mod grade;
pub mod module;
pub mod progress;
pub mod question;
pub mod saved;
pub mod scenario;
pub mod scenario_action;
pub mod session;

use rerp_kit::idempotency::{Claim, Standing, claim, release, settle};
use rerp_kit::pool::Session;
use serde::{Serialize, Serializer};

/// Takes the caller's key inside the transaction, if there is one. The answer is known later; nobody sees the row before.
async fn take(session: &mut Session, key: Option<&Claim>) -> Result<Standing, sqlx::Error> {
    match key {
        Some(key) => claim(session, key, &serde_json::Value::Null).await,
        None => Ok(Standing::Fresh),
    }
}

/// Keeps the answer under the caller's key, if there is one.
async fn keep(session: &mut Session, key: Option<&Claim>, answer: &impl Serialize) -> Result<(), sqlx::Error> {
    let Some(key) = key else { return Ok(()) };
    let answer = serde_json::to_value(answer).map_err(|error| sqlx::Error::Encode(error.into()))?;
    settle(session, key, &answer).await
}

/// Gives the caller's key back, if there is one: nothing was done.
async fn give_back(session: &mut Session, key: Option<&Claim>) -> Result<(), sqlx::Error> {
    match key {
        Some(key) => release(session, key).await,
        None => Ok(()),
    }
}

/// A time that may not have come, as it is answered.
#[allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "serde's form")]
fn maybe<S: Serializer>(time: &Option<jiff_sqlx::Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(jiff_sqlx::Timestamp::to_jiff).serialize(serializer)
}

/// A text of the database that this version has no name for.
fn unknown(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(format!("an unknown {what}").into())
}
