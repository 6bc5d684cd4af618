//! Forgets sign-ins that got no token for long. In comes the database; nothing goes out. Several pods may do it at once.

use std::time::Duration;

use rerp_kit::pool::Db;
use rerp_kit::telemetry::chain;
use tokio_util::sync::CancellationToken;

use crate::store::session;

/// Pause between two turns.
const PAUSE: Duration = Duration::from_secs(3600);

/// Runs until told to stop. It works in small steps, and a failure waits for the next turn.
pub async fn keep_swept(db: Db, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        loop {
            match session::sweep(&db).await {
                Ok(0) => break,
                Ok(_) if stop.is_cancelled() => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = chain(&error), "old sign-ins stay for now");
                    break;
                }
            }
        }
    }
}
