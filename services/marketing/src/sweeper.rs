//! Deletes answers kept under idempotency keys once they are old. In comes the database; nothing goes out.
//! Must not hold up anything: it works in small steps, and a failure waits for the next turn.

use std::time::Duration;

use rerp_kit::idempotency;
use rerp_kit::pool::Db;
use tokio_util::sync::CancellationToken;

/// Pause between two turns.
const PAUSE: Duration = Duration::from_secs(600);

/// Runs until told to stop.
pub async fn keep_swept(db: Db, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        while let Ok(deleted) = idempotency::sweep(&db).await {
            if deleted == 0 || stop.is_cancelled() {
                break;
            }
        }
    }
}
