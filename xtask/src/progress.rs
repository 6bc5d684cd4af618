//! What a person sees while a command works: one line when a step starts, one when it ends with its time.
//! Goes to standard error, so that standard output stays free for results (`xtask kubectl -- get … -o json`).

use std::time::{Duration, Instant};

/// A step under way. Prints its elapsed time when told that it is done.
#[derive(Debug)]
pub(crate) struct Step {
    started: Instant,
}

impl Step {
    /// Announces the step.
    pub(crate) fn begin(what: impl AsRef<str>) -> Self {
        eprintln!("==> {}", what.as_ref());
        Self { started: Instant::now() }
    }

    /// One more thing worth knowing about the step.
    pub(crate) fn note(&self, what: impl AsRef<str>) {
        note(what);
    }

    /// Ends the step and tells its result and its time.
    pub(crate) fn done(self, result: impl AsRef<str>) {
        eprintln!("    {} ({})", result.as_ref(), elapsed(self.started.elapsed()));
    }
}

/// An indented line under the current step.
pub(crate) fn note(what: impl AsRef<str>) {
    for line in what.as_ref().lines() {
        eprintln!("    {line}");
    }
}

/// `4.1 s` below a minute, `3 min 07 s` above.
pub(crate) fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", time.as_secs_f64());
    }
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

/// Bytes as a person reads them (powers of 1000, as disks are sold).
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_read_well() {
        assert_eq!(elapsed(Duration::from_millis(4100)), "4.1 s");
        assert_eq!(elapsed(Duration::from_secs(187)), "3 min 07 s");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(130_400_000), "130.4 MB");
    }
}
