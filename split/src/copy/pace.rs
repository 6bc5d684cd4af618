//! How fast the workers may go, by what writers feel: slowly faster, quickly slower.
//!
//! In: the spec's bounds, how long a commit takes on the source, how fast the copy goes. Out: the bound that holds. Pure.
//!
//! Additive increase and multiplicative decrease: half of what was too much, then a sixteenth of that more with each look, so that
//! it is found out again and again how much writers stand. A bound that has come to twice of what was too much isn't what helps
//! them, and goes away.

use crate::spec::CopySpec;
use std::time::Duration;

/// No slower than this, in bytes per second: the slot keeps WAL for as long as the copy takes.
const FLOOR: u64 = 256 << 10;
/// Looks until what was taken away is back.
const STEPS: u64 = 16;

/// See the file's header.
#[derive(Debug)]
pub(super) struct Pace {
    /// The spec's own bound, in bytes per second.
    most: Option<u64>,
    /// How long a commit may take.
    latency: Option<Duration>,
    /// What holds because of the writers, and the speed that was too much for them.
    cut: Option<(u64, u64)>,
    lifted: bool,
}

impl Pace {
    pub(super) fn new(spec: &CopySpec) -> Self {
        let latency = spec.max_writer_latency_ms.map(Duration::from_millis);
        Self { most: spec.max_bytes_per_second, latency, cut: None, lifted: false }
    }

    /// The bound that holds, in bytes per second; none is no limit.
    pub(super) fn bound(&self) -> Option<u64> {
        let both = [self.most, self.cut.map(|(bound, _)| bound)];
        both.into_iter().flatten().min().filter(|_| !self.lifted)
    }

    /// Whether anybody has to measure.
    pub(super) fn listens(&self) -> bool {
        self.latency.is_some() && !self.lifted
    }

    /// No bound holds any more; true if that is news.
    pub(super) fn lift(&mut self) -> bool {
        !std::mem::replace(&mut self.lifted, true)
    }

    /// A commit takes `latency` while the workers copy `speed` bytes per second.
    pub(super) fn heard(&mut self, latency: Duration, speed: u64) {
        let Some(most) = self.latency else { return };
        if latency > most {
            let too_much = speed.min(self.bound().unwrap_or(u64::MAX)).max(FLOOR);
            self.cut = Some(((too_much / 2).max(FLOOR), too_much));
        } else if let Some((bound, too_much)) = self.cut
            // Between the two nothing changes, lest it swing.
            && latency <= most.mul_f64(0.8)
        {
            let raised = bound.saturating_add((too_much / STEPS).max(1));
            self.cut = Some((raised, too_much)).filter(|_| raised / 2 < too_much);
        }
    }
}

/// What writers feel, of the last few commits: the second longest, since one alone may be an accident. None if they are too few.
pub(super) fn felt(commits: &[Duration]) -> Option<Duration> {
    let mut sorted = commits.to_vec();
    sorted.sort_unstable();
    sorted.len().checked_sub(2).map(|second| sorted[second])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;
    const SLOW: Duration = Duration::from_millis(21);
    const QUICK: Duration = Duration::from_millis(5);

    fn pace(most: Option<u64>, latency: Option<u64>) -> Pace {
        let spec = CopySpec { max_bytes_per_second: most, max_writer_latency_ms: latency, ..CopySpec::default() };
        Pace::new(&spec)
    }

    #[test]
    fn without_a_latency_the_bound_is_the_specs() {
        let mut one = pace(Some(MB), None);
        one.heard(Duration::MAX, MB);
        assert_eq!((one.bound(), one.listens()), (Some(MB), false));
        assert_eq!(pace(None, None).bound(), None);
        assert_eq!((one.lift(), one.lift(), one.bound()), (true, false, None));
    }

    #[test]
    fn slow_writers_halve_it_and_quick_ones_get_it_back_step_by_step() {
        let mut one = pace(None, Some(20));
        one.heard(QUICK, 64 * MB);
        assert_eq!((one.bound(), one.listens()), (None, true));
        one.heard(SLOW, 64 * MB);
        assert_eq!(one.bound(), Some(32 * MB), "half of what it was, not of some guess");
        one.heard(SLOW, 32 * MB);
        assert_eq!(one.bound(), Some(16 * MB));
        one.heard(Duration::from_millis(18), 16 * MB);
        assert_eq!(one.bound(), Some(16 * MB), "neither slow nor quick");
        for _ in 0..8 {
            one.heard(QUICK, 16 * MB);
        }
        assert_eq!(one.bound(), Some(32 * MB), "a sixteenth of 32 MB each");
        for _ in 0..16 {
            one.heard(QUICK, 64 * MB);
        }
        assert_eq!(one.bound(), None, "twice of what was too much is none");
    }

    #[test]
    fn it_never_ends_and_never_passes_the_specs_bound() {
        let mut one = pace(Some(8 * MB), Some(20));
        for _ in 0..100 {
            one.heard(SLOW, 0);
        }
        assert_eq!(one.bound(), Some(FLOOR), "writers that are slow without us");
        for _ in 0..100 {
            one.heard(QUICK, 8 * MB);
            assert!(one.bound() <= Some(8 * MB));
        }
        assert_eq!(one.bound(), Some(8 * MB));
        let mut small = pace(Some(65_536), Some(20));
        small.heard(SLOW, 65_536);
        assert_eq!(small.bound(), Some(65_536), "below the floor the spec's bound holds");
    }

    #[test]
    fn hostile_figures_end_in_no_panic() {
        let mut one = pace(Some(u64::MAX), Some(60_000));
        for (latency, speed) in [(Duration::MAX, u64::MAX), (Duration::ZERO, u64::MAX), (Duration::MAX, 0), (QUICK, 0)]
        {
            for _ in 0..100 {
                one.heard(latency, speed);
                assert!(one.bound() >= Some(FLOOR));
            }
        }
    }

    #[test]
    fn one_accident_is_not_what_writers_feel() {
        assert_eq!(felt(&[]), None);
        assert_eq!(felt(&[SLOW]), None);
        assert_eq!(felt(&[QUICK, SLOW, QUICK, QUICK]), Some(QUICK));
        assert_eq!(felt(&[SLOW, QUICK, SLOW]), Some(SLOW));
    }
}
