//! The SQL of this service. In come checked values; out go standings. Must not hold rules, nor name a schema: the
//! role's search path says which one.
//!
//! Every insert may be repeated after a lost answer: without a key of the caller the identifier is new for this request,
//! so a row in the way is our own; with one, the key's row is written in the same transaction.

pub mod capture;
pub mod contact;
pub mod pending;

use rerp_kit::idempotency::{Claim, Standing, claim};
use rerp_kit::pool::Session;

use crate::domain::Receipt;

/// Takes the caller's key inside the transaction, if there is one.
async fn take(session: &mut Session, created: &Receipt, key: Option<&Claim>) -> Result<Standing, sqlx::Error> {
    let Some(key) = key else { return Ok(Standing::Fresh) };
    let answer = serde_json::to_value(created).map_err(|error| sqlx::Error::Encode(error.into()))?;
    claim(session, key, &answer).await
}
