//! How many rows the next chunk has. In: what the last one came to. Out: rows.
//!
//! A key that is spread over the table costs a look at almost every block for each chunk, so chunks that are equal grow. What differs is read key
//! by key into memory, so the rows of a long chunk that differs are looked at again in short ones; and whoever reads for long keeps the
//! server from removing what it no longer needs.

use std::time::Duration;

/// Rows of the shortest chunk: small enough to hold its keys in memory, big enough that round trips don't matter.
pub(super) const SHORTEST: i64 = 10_000;
/// Rows of the longest.
const LONGEST: i64 = 16 * SHORTEST;
/// A chunk that took no longer than this may grow.
const QUICK: Duration = Duration::from_millis(500);
/// One that took longer than this was too long.
const SLOW: Duration = Duration::from_secs(2);

/// See the file's header.
#[derive(Debug)]
pub(super) struct Stride {
    rows: i64,
    /// So many of the next rows have differed as a whole: nothing grows among them.
    differing: i64,
}

impl Default for Stride {
    fn default() -> Self {
        Self { rows: SHORTEST, differing: 0 }
    }
}

impl Stride {
    /// Rows of the next chunk.
    pub(super) fn rows(&self) -> i64 {
        self.rows
    }

    /// A chunk is done with: it was the same, or a short one that differed.
    pub(super) fn done(&mut self, same: bool, took: Duration) {
        self.differing -= self.rows.min(self.differing);
        if self.differing > 0 || !same {
            return;
        }
        if took <= QUICK {
            self.rows = (self.rows * 2).min(LONGEST);
        } else if took > SLOW {
            self.rows = (self.rows / 2).max(SHORTEST);
        }
    }

    /// A chunk differs. True if its rows are to be looked at again in short ones, false if it is short.
    pub(super) fn shorten(&mut self) -> bool {
        let rows = std::mem::replace(&mut self.rows, SHORTEST);
        if rows > SHORTEST {
            self.differing = rows;
        }
        rows > SHORTEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;
    const FOR_EVER: Duration = Duration::MAX;

    #[test]
    fn chunks_grow_while_they_are_the_same_and_quick() {
        let mut stride = Stride::default();
        let rows: Vec<i64> = (0..6).map(|_| (stride.rows(), stride.done(true, AT_ONCE)).0).collect();
        assert_eq!(rows, [10_000, 20_000, 40_000, 80_000, 160_000, 160_000]);
        stride.done(true, Duration::from_secs(1));
        assert_eq!(stride.rows(), 160_000, "neither quick nor slow");
        for _ in 0..9 {
            stride.done(true, FOR_EVER);
        }
        assert_eq!(stride.rows(), SHORTEST);
    }

    #[test]
    fn a_long_one_that_differs_is_taken_apart_before_anything_grows_again() {
        let mut stride = Stride::default();
        assert!(!stride.shorten(), "there is none shorter");
        stride.done(false, AT_ONCE);
        assert_eq!(stride.rows(), SHORTEST, "the next may differ too");
        stride.done(true, AT_ONCE);
        stride.done(true, AT_ONCE);
        assert!(stride.shorten());
        let rows: Vec<i64> = (0..6).map(|_| (stride.rows(), stride.done(true, AT_ONCE)).0).collect();
        assert_eq!(rows, [10_000, 10_000, 10_000, 10_000, 20_000, 40_000]);
    }
}
