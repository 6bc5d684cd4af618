//! Says how many erasures are not over, and how many are overdue: somebody has to look at those. In comes the database; out go two numbers in the metrics. Must
//! not do anything about them: services ask by themselves.

use std::time::Duration;

use prometheus::IntGaugeVec;
use rerp_kit::pool::Db;
use rerp_kit::telemetry::chain;
use tokio_util::sync::CancellationToken;

use crate::store::erasure;

/// Between two counts.
const PAUSE: Duration = Duration::from_secs(30);

/// Counts now and then until told to stop. `erasures` by `state`: `open`, and of those `overdue`.
pub async fn keep_counted(db: Db, erasures: IntGaugeVec, stop: CancellationToken) {
    loop {
        match erasure::open(&db).await {
            Ok((open, overdue)) => {
                erasures.with_label_values(&["open"]).set(open);
                erasures.with_label_values(&["overdue"]).set(overdue);
                if overdue > 0 {
                    tracing::error!(overdue, "erasures are overdue: a service has given no receipt");
                }
            }
            Err(error) => tracing::debug!(error = chain(&error), "erasures are counted later"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
