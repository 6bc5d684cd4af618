//! Ends sessions whose time is over, and forgets scenarios that never began. In comes the database; nothing goes out. Whoever looks at such a
//! session ends it too, so being late here does no harm. Several pods may do it at once: a session ends once.

use std::time::Duration;

use rerp_kit::access::Reach;
use rerp_kit::pool::DbError;
use rerp_kit::telemetry::chain;
use tokio_util::sync::CancellationToken;

use crate::scenarios::Scenarios;
use crate::store::scenario;
use crate::store::session::{self, Cause};

/// Pause between two turns.
const PAUSE: Duration = Duration::from_secs(15);
/// Sessions of one look.
const BATCH: i64 = 100;

/// Runs until told to stop.
pub async fn keep_ended(scenarios: Scenarios, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = turn(&scenarios, &stop).await {
            tracing::warn!(error = chain(&error), "sessions whose time is over wait for the next turn");
        }
    }
}

/// One turn. How many sessions were ended. One that can't be keeps nobody else from its end.
///
/// # Errors
/// See [`DbError`]: the last one of the turn.
pub async fn turn(scenarios: &Scenarios, stop: &CancellationToken) -> Result<u64, DbError> {
    let db = &scenarios.db;
    scenario::forget_old(db).await?;
    let mut ended = 0;
    loop {
        let due = session::due(db, BATCH).await?;
        if due.is_empty() {
            return Ok(ended);
        }
        let mut failed = None;
        for id in due {
            if stop.is_cancelled() {
                return Ok(ended);
            }
            // Its time is over: what can't be settled now isn't waited for.
            if let Err(error) = scenarios.settle(id, Reach::ALL).await {
                tracing::warn!(%id, error = chain(&error), "a session ends with an action under way");
            }
            match session::end(db, id, Cause::Clock).await {
                Ok(_) => ended += 1,
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
}
