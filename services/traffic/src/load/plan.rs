//! How much load, how long, and where the bounds are. In: raw wishes. Out: a plan that can be carried out.

use crate::seed::args::MAX_ROWS;
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::time::Duration;
use thiserror::Error;

/// The most requests of one run: the ledger is kept in memory (about 300 bytes each).
pub const MAX_REQUESTS: u64 = 500_000;
/// The longest run, in seconds.
pub const MAX_SECONDS: u64 = 3_600;
/// The longest that a request may take, in seconds.
pub const MAX_TIMEOUT: u64 = 60;
/// The highest rate, in requests per second: the timer's grain is one millisecond.
pub const MAX_RATE: u32 = 1_000;
/// The most connections.
pub const MAX_CONNECTIONS: usize = 64;

/// The most journeys per second: each is seven requests and five lines of the ledger.
pub const MAX_JOURNEYS: u32 = 20;

/// A plan that keeps every bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Forms per second.
    pub rate: u32,
    /// Connections of the forms, each with one request at a time.
    pub connections: usize,
    /// How long a request may take before it has failed.
    pub timeout: Duration,
    /// Forms after which the run ends by itself, journeys with it.
    pub max_requests: u64,
    /// Time after which the run ends by itself.
    pub max_time: Duration,
    /// Journeys per second; 0 for none.
    pub journeys: u32,
}

/// What a caller of `POST /start` may change for this run; what is absent keeps the configured value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Wish {
    /// Forms per second.
    pub rate: Option<u32>,
    /// Forms after which the run ends.
    pub max_requests: Option<u64>,
    /// Seconds after which the run ends.
    pub max_seconds: Option<u64>,
    /// Seconds after which a request has failed.
    pub timeout_seconds: Option<u64>,
    /// Journeys per second.
    pub journeys: Option<u32>,
    /// Rows of the data set whose people make journeys.
    pub seed_rows: Option<u64>,
}

/// Which bound a wish breaks.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{name} must be between {least} and {most}, not {given}")]
pub struct OutOfBounds {
    name: &'static str,
    least: u64,
    most: u64,
    given: u64,
}

impl Plan {
    /// The plan with the wish applied.
    ///
    /// # Errors
    /// A value is 0 where it must not be, or above its bound.
    pub fn with(&self, wish: &Wish) -> Result<Self, OutOfBounds> {
        let plan = Self {
            rate: wish.rate.unwrap_or(self.rate),
            max_requests: wish.max_requests.unwrap_or(self.max_requests),
            max_time: wish.max_seconds.map_or(self.max_time, Duration::from_secs),
            journeys: wish.journeys.unwrap_or(self.journeys),
            timeout: wish.timeout_seconds.map_or(self.timeout, Duration::from_secs),
            ..self.clone()
        };
        if let Some(seconds) = wish.timeout_seconds {
            bound("timeoutSeconds", seconds, 1..=MAX_TIMEOUT)?;
        }
        if let Some(rows) = wish.seed_rows {
            bound("seedRows", rows, 1..=MAX_ROWS)?;
        }
        plan.checked()
    }

    /// The plan itself, if it keeps every bound.
    ///
    /// # Errors
    /// A value is 0 where it must not be, or above its bound.
    pub fn checked(self) -> Result<Self, OutOfBounds> {
        bound("rate", u64::from(self.rate), 1..=u64::from(MAX_RATE))?;
        bound("connections", self.connections as u64, 1..=MAX_CONNECTIONS as u64)?;
        bound("maxRequests", self.max_requests, 1..=MAX_REQUESTS)?;
        bound("maxSeconds", self.max_time.as_secs(), 1..=MAX_SECONDS)?;
        bound("journeys", u64::from(self.journeys), 0..=u64::from(MAX_JOURNEYS))?;
        Ok(self)
    }

    /// When form `n` is due, counted from the start of the run.
    #[must_use]
    pub fn due(&self, n: u64) -> Duration {
        nth(n, self.rate)
    }

    /// When journey `n` is due, counted likewise.
    #[must_use]
    pub fn journey_due(&self, n: u64) -> Duration {
        nth(n, self.journeys)
    }
}

fn nth(n: u64, per_second: u32) -> Duration {
    // Multiply before dividing: an interval rounded to nanoseconds would drift over a long run.
    let nanos = u128::from(n) * 1_000_000_000 / u128::from(per_second.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn bound(name: &'static str, given: u64, range: RangeInclusive<u64>) -> Result<(), OutOfBounds> {
    let (least, most) = range.clone().into_inner();
    if range.contains(&given) { Ok(()) } else { Err(OutOfBounds { name, least, most, given }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            rate: 250,
            connections: 16,
            timeout: Duration::from_secs(2),
            max_requests: 1000,
            max_time: Duration::from_secs(60),
            journeys: 0,
        }
    }

    #[test]
    fn requests_are_due_evenly_and_without_drift() {
        assert_eq!(plan().due(0), Duration::ZERO);
        assert_eq!(plan().due(1), Duration::from_millis(4));
        let odd = Plan { rate: 300, ..plan() };
        assert_eq!(odd.due(300 * 3600), Duration::from_secs(3600));
        assert_eq!(Plan { journeys: 2, ..plan() }.journey_due(3), Duration::from_millis(1500));
    }

    #[test]
    fn wishes_beyond_the_bounds_are_refused_by_name() {
        let zero = plan().with(&Wish { rate: Some(0), ..Wish::default() });
        assert_eq!(zero.unwrap_err().to_string(), "rate must be between 1 and 1000, not 0");
        assert!(plan().with(&Wish { max_requests: Some(MAX_REQUESTS + 1), ..Wish::default() }).is_err());
        assert!(plan().with(&Wish { max_seconds: Some(MAX_SECONDS + 1), ..Wish::default() }).is_err());
        assert!(plan().with(&Wish { seed_rows: Some(0), ..Wish::default() }).is_err());
        assert!(plan().with(&Wish { timeout_seconds: Some(0), ..Wish::default() }).is_err());
        let many = plan().with(&Wish { journeys: Some(21), ..Wish::default() });
        assert_eq!(many.unwrap_err().to_string(), "journeys must be between 0 and 20, not 21");
        let wish = Wish { rate: Some(10), max_seconds: Some(5), timeout_seconds: Some(15), ..Wish::default() };
        let good = plan().with(&wish).unwrap();
        assert_eq!((good.rate, good.max_time, good.max_requests), (10, Duration::from_secs(5), 1000));
        assert_eq!(good.timeout, Duration::from_secs(15));
    }
}
