//! What a request waited for, told to its caller in `Server-Timing` (W3C): the services it called, the database, and the
//! whole. In come durations while the request is worked on; out goes one header. Must not name anything but services.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The response header: `identity;dur=3.2, db;dur=1.1, total;dur=5.9`, in milliseconds.
pub const SERVER_TIMING: &str = "server-timing";
/// The name of the whole, from the request's head to the answer's.
pub const TOTAL: &str = "total";

/// The times of one request. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Timing {
    waits: Arc<Mutex<Vec<(&'static str, Duration)>>>,
}

impl Timing {
    /// Adds a wait for `whom`; what was waited for twice counts as both together.
    pub(super) fn add(&self, whom: &'static str, time: Duration) {
        // A panic elsewhere can't leave the list half written.
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        match waits.iter_mut().find(|(name, _)| *name == whom) {
            Some((_, sum)) => *sum += time,
            None => waits.push((whom, time)),
        }
    }

    /// The header's value for a request that took `total`.
    pub(super) fn header(&self, total: Duration) -> String {
        let waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for (name, time) in waits.iter().chain([&(TOTAL, total)]) {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a string can't fail.
            let _ = write!(text, "{comma}{name};dur={:.3}", time.as_secs_f64() * 1000.0);
        }
        text
    }
}

/// How long `whom` took according to a header's value; `None` if it doesn't say, or not in a way that can be read.
#[must_use]
pub fn duration_of(value: &str, whom: &str) -> Option<Duration> {
    let metric = value.split(',').map(str::trim).find(|metric| metric.split(';').next() == Some(whom))?;
    let dur = metric.split(';').find_map(|part| part.trim().strip_prefix("dur="))?;
    Duration::try_from_secs_f64(dur.parse::<f64>().ok()? / 1000.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_can_be_read() {
        let timing = Timing::default();
        timing.add("identity", Duration::from_micros(3_250));
        timing.add("db", Duration::from_millis(1));
        timing.clone().add("db", Duration::from_millis(2));
        let text = timing.header(Duration::from_millis(7));
        assert_eq!(text, "identity;dur=3.250, db;dur=3.000, total;dur=7.000");
        for (whom, micros) in [("identity", Some(3_250)), ("db", Some(3_000)), (TOTAL, Some(7_000)), ("b", None)] {
            assert_eq!(duration_of(&text, whom).map(|time| time.as_micros()), micros, "{whom}");
        }
    }

    #[test]
    fn what_others_say_is_read_or_left() {
        for (text, micros) in [
            ("cache;desc=\"hit\", db;desc=x;dur=2", Some(2_000)),
            ("db", None),
            ("db;dur=", None),
            ("db;dur=-1", None),
            ("db;dur=NaN", None),
            ("db;dur=1e400", None),
            ("", None),
        ] {
            assert_eq!(duration_of(text, "db").map(|time| time.as_micros()), micros, "{text}");
        }
    }
}
