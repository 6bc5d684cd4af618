//! Asks owners of addresses by mail whether they meant what was agreed to under them. In come the database, Identity and keys; nothing goes out. Several pods may do it
//! at once: an address has one open question, and its mail one identifier, whoever asks and how often.

use std::time::Duration;

use rerp_kit::pool::{Db, DbError};
use rerp_kit::telemetry::chain;
use tokio_util::sync::CancellationToken;

use crate::client::identity::{Identity, Letter};
use crate::domain::confirmation::Keys;
use crate::store::confirmation;

/// Pause between two turns.
const PAUSE: Duration = Duration::from_secs(10);
/// Questions of one look.
const BATCH: i64 = 20;

/// Runs until told to stop.
pub async fn keep_asking(db: Db, identity: Identity, keys: Keys, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = turn(&db, &identity, &keys, &stop).await {
            tracing::warn!(error = chain(&error), "nobody can be asked to confirm now");
        }
    }
}

/// One turn: every question that is to be asked, as far as Identity answers. How many mails it took.
///
/// # Errors
/// See [`DbError`].
pub async fn turn(db: &Db, identity: &Identity, keys: &Keys, stop: &CancellationToken) -> Result<u64, DbError> {
    confirmation::begin(db).await?;
    let mut sent = 0;
    loop {
        let batch = confirmation::take(db, BATCH).await?;
        if batch.is_empty() {
            return Ok(sent);
        }
        for due in batch {
            // A key makes a token of every identifier.
            let Some(token) = keys.token(due.id).filter(|_| !stop.is_cancelled()) else { return Ok(sent) };
            match identity.confirm(due.email_address_id, &token, due.id).await {
                Letter::OnItsWay => {
                    confirmation::sent(db, due.id).await?;
                    sent += 1;
                }
                // Identity has said why. It is asked again later.
                Letter::NotSent => {}
                Letter::Away => return Ok(sent),
            }
        }
    }
}
