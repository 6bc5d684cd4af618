//! When a loop looks at its whole table again: now and then, whatever else it does. Must not look itself.

use std::time::Duration;

use tokio::time::Instant;

use crate::pool::DbError;
use crate::telemetry::chain;

/// How often the whole table is looked at.
pub(super) const LOOK: Duration = Duration::from_secs(10);

/// How many rows one sweep deletes, as its SQL says: few enough to be in nobody's way.
pub(super) const SWEPT: u64 = 1000;

/// How many sweeps there are at a look, as long as they are full: 2,000 rows a second in each pod.
pub(super) const SWEEPS: u32 = 20;

/// When somebody last looked.
#[derive(Debug, Default)]
pub(super) struct Looks(Option<Instant>);

impl Looks {
    /// Whether it is time; who asks looks.
    pub(super) fn are_due(&mut self) -> bool {
        let due = self.0.is_none_or(|at| at.elapsed() > LOOK);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }

    /// A look that failed costs a number in the metrics, nothing else.
    pub(super) fn failed(error: &DbError) {
        tracing::debug!(error = chain(error), "nobody knows how many events wait");
    }
}
