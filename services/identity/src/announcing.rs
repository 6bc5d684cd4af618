//! Announces people whose proofs nobody was told of: who was verified before there were events, or by a program of before, while a rollout goes on. In
//! comes the database; nothing goes out. Must not run where there is no broker: what it wrote would be forgotten before somebody could hear it.

use std::time::Duration;

use rerp_kit::pool::Db;
use rerp_kit::telemetry::chain;
use tokio_util::sync::CancellationToken;

use crate::store::proof;

/// Pause when nobody is left.
const IDLE: Duration = Duration::from_secs(60);
/// Pause when there may be more: what is written here is published by the same database.
const BUSY: Duration = Duration::from_secs(1);

/// Announces them until told to stop.
pub async fn keep_announced(db: Db, stop: CancellationToken) {
    loop {
        let pause = match proof::announce_missed(&db).await {
            Ok(0) => IDLE,
            Ok(told) => {
                tracing::info!(told, "people are announced of whom nobody was told");
                BUSY
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "people of whom nobody was told wait for the database");
                IDLE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
