//! What a store does with the key of a caller, who may have sent none. In come the transaction, the key and an answer; out goes leave to go
//! on, which there always is without a key. Must not begin or end a transaction: the key's row is part of the effect.

use serde::Serialize;
use serde_json::Value;

use super::{Claim, Standing, claim, is_used, release, settle};
use crate::pool::Session;

/// Whether the caller's key was used before, if there is one, as far as it is known before it is taken: for who would ask others first. One that is being used
/// isn't seen yet. What [`take`] finds counts.
///
/// # Errors
/// The driver's.
pub async fn used(session: &mut Session, key: Option<&Claim>) -> Result<bool, sqlx::Error> {
    match key {
        Some(key) => is_used(session, key).await,
        None => Ok(false),
    }
}

/// Takes the caller's key inside the transaction, if there is one, and stores `answer` under it. `&()` stands for an answer that is known
/// later, see [`keep`]: nobody sees the row before.
///
/// # Errors
/// The driver's, or that `answer` is no JSON.
pub async fn take(
    session: &mut Session,
    key: Option<&Claim>,
    answer: &impl Serialize,
) -> Result<Standing, sqlx::Error> {
    match key {
        Some(key) => claim(session, key, &json(answer)?).await,
        None => Ok(Standing::Fresh),
    }
}

/// Keeps the answer under the caller's key, which this transaction has taken, if there is one.
///
/// # Errors
/// The driver's, or that `answer` is no JSON.
pub async fn keep(session: &mut Session, key: Option<&Claim>, answer: &impl Serialize) -> Result<(), sqlx::Error> {
    match key {
        Some(key) => settle(session, key, &json(answer)?).await,
        None => Ok(()),
    }
}

/// Gives the caller's key back, if there is one: nothing was done, and the corrected request may use it.
///
/// # Errors
/// The driver's.
pub async fn give_back(session: &mut Session, key: Option<&Claim>) -> Result<(), sqlx::Error> {
    match key {
        Some(key) => release(session, key).await,
        None => Ok(()),
    }
}

fn json(answer: &impl Serialize) -> Result<Value, sqlx::Error> {
    serde_json::to_value(answer).map_err(|error| sqlx::Error::Encode(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_known_later_is_null() {
        assert_eq!(json(&()).unwrap(), Value::Null);
    }
}
