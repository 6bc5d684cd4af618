//! The write pause as clients see it. In: times of writes, or of acknowledgements. Out: the longest time without one.
//!
//! Every form of this generator brings an address nobody has sent before, so every one of them needs a write in the
//! identity schema before it can be acknowledged: while that schema is closed, none is.
//!
//! **Pause by the ledger** = the longest interval, of those that touch the window asked for, between two successive writes
//! of the run that were acknowledged. A write is where identity's answer reached its caller. The interval holds the whole
//! pause plus the normal spacing of writes (1/rate, a few milliseconds) and the time the first request needs to find the
//! side that opened.
//!
//! **Silence** = the same between successive acknowledgements. These come later than their writes by what marketing does
//! after it has identity's answer (a call of account's, a transaction of its own), a different time for each of them:
//! what was written just before the pause is acknowledged inside of it, and the silence may be shorter than the pause.
//!
//! The edges of a run are neither: before the first and after the last nobody was writing.

use std::ops::RangeInclusive;

/// The time between two successive writes or acknowledgements, in microseconds of the run's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The earlier one.
    pub from_us: u64,
    /// The later one.
    pub to_us: u64,
}

impl Gap {
    /// Length in microseconds.
    #[must_use]
    pub fn micros(&self) -> u64 {
        self.to_us - self.from_us
    }
}

/// The longest gap between successive `times` that touches `window`; the earliest of several equal ones.
/// They may come in any order. `None` with fewer than two of them or no gap in the window.
#[must_use]
pub fn longest(times: &[u64], window: &RangeInclusive<u64>) -> Option<Gap> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let mut longest: Option<Gap> = None;
    for pair in sorted.windows(2) {
        let gap = Gap { from_us: pair[0], to_us: pair[1] };
        let touches = gap.from_us <= *window.end() && gap.to_us >= *window.start();
        if touches && longest.is_none_or(|known| gap.micros() > known.micros()) {
            longest = Some(gap);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: RangeInclusive<u64> = 0..=u64::MAX;

    #[test]
    fn finds_the_longest_whatever_the_order() {
        let gap = longest(&[40, 10, 100, 30, 20], &ALL);
        assert_eq!(gap, Some(Gap { from_us: 40, to_us: 100 }));
        assert_eq!(gap.map(|g| g.micros()), Some(60));
    }

    #[test]
    fn the_edges_of_a_run_are_no_gap() {
        assert_eq!(longest(&[], &ALL), None);
        assert_eq!(longest(&[5_000_000], &ALL), None);
        assert_eq!(longest(&[1_000, 1_001], &ALL).map(|g| g.micros()), Some(1));
    }

    #[test]
    fn a_window_chooses_gaps_that_touch_it() {
        let acks = [0, 500, 510, 520, 600, 610];
        assert_eq!(longest(&acks, &(515..=605)), Some(Gap { from_us: 520, to_us: 600 }));
        assert_eq!(longest(&acks, &(100..=110)), Some(Gap { from_us: 0, to_us: 500 }));
        assert_eq!(longest(&acks, &(700..=800)), None);
    }

    #[test]
    fn equal_gaps_give_the_earliest() {
        assert_eq!(longest(&[0, 10, 20], &ALL), Some(Gap { from_us: 0, to_us: 10 }));
    }
}
