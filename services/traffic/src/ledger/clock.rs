//! One clock for a run. In: nothing. Out: microseconds since the run's start, never going back, and their wall-clock time.
//!
//! Durations come from the monotonic clock alone; the wall clock is read once, at the origin, so that a step of it can't bend a gap.

use jiff::{SignedDuration, Timestamp};
use std::time::Instant;

/// The origin of a run's times.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    monotonic: Instant,
    wall: Timestamp,
}

impl Clock {
    /// A clock whose zero is now.
    #[must_use]
    pub fn start() -> Self {
        Self { monotonic: Instant::now(), wall: Timestamp::now() }
    }

    /// Microseconds since the origin.
    #[must_use]
    pub fn micros(&self) -> u64 {
        self.at(Instant::now())
    }

    /// Microseconds from the origin to `instant`; 0 for an earlier one.
    #[must_use]
    pub fn at(&self, instant: Instant) -> u64 {
        let elapsed = instant.saturating_duration_since(self.monotonic);
        u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
    }

    /// The monotonic instant of the origin.
    #[must_use]
    pub fn origin(&self) -> Instant {
        self.monotonic
    }

    /// Wall-clock time of `micros` after the origin.
    #[must_use]
    pub fn wall(&self, micros: u64) -> Timestamp {
        let offset = SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
        self.wall.checked_add(offset).unwrap_or(Timestamp::MAX)
    }

    /// Microseconds after the origin of a wall-clock time; 0 for an earlier one.
    #[must_use]
    pub fn micros_of(&self, wall: Timestamp) -> u64 {
        u64::try_from(wall.duration_since(self.wall).as_micros()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn wall_and_micros_are_inverse() {
        let clock = Clock::start();
        for micros in [0, 1, 999_999, 86_400_000_000] {
            assert_eq!(clock.micros_of(clock.wall(micros)), micros);
        }
        assert_eq!(clock.micros_of(Timestamp::UNIX_EPOCH), 0);
        assert_eq!(clock.at(clock.origin() + Duration::from_millis(3)), 3_000);
    }
}
