//! How many rows the next chunk has. In: what the last one came to. Out: rows.
//!
//! A key that is spread over the table costs a look at almost every block for each chunk, so chunks that are equal grow. One that differs is read key
//! by key into memory, so a long one that differs is looked at again in short ones; and whoever reads for long keeps the server from
//! removing what it no longer needs.

use std::time::Duration;

/// Rows of the shortest chunk: small enough to hold its keys in memory, big enough that round trips don't matter.
pub(super) const SHORTEST: i64 = 10_000;
/// Rows of the longest.
const LONGEST: i64 = 16 * SHORTEST;
/// A chunk that took no longer than this may grow.
const QUICK: Duration = Duration::from_millis(500);
/// One that took longer than this was too long.
const SLOW: Duration = Duration::from_secs(2);

/// Rows of the next chunk.
#[derive(Debug)]
pub(super) struct Stride(i64);

impl Default for Stride {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl Stride {
    pub(super) fn rows(&self) -> i64 {
        self.0
    }

    /// A chunk was the same on both sides.
    pub(super) fn same(&mut self, took: Duration) {
        if took <= QUICK {
            self.0 = (self.0 * 2).min(LONGEST);
        } else if took > SLOW {
            self.0 = (self.0 / 2).max(SHORTEST);
        }
    }

    /// A chunk differed. True if it is to be looked at again in short ones, false if it was short.
    pub(super) fn differed(&mut self) -> bool {
        std::mem::replace(&mut self.0, SHORTEST) > SHORTEST
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
        let rows: Vec<i64> = (0..6).map(|_| (stride.rows(), stride.same(AT_ONCE)).0).collect();
        assert_eq!(rows, [10_000, 20_000, 40_000, 80_000, 160_000, 160_000]);
        stride.same(Duration::from_secs(1));
        assert_eq!(stride.rows(), 160_000, "neither quick nor slow");
        for _ in 0..9 {
            stride.same(FOR_EVER);
        }
        assert_eq!(stride.rows(), SHORTEST);
    }

    #[test]
    fn a_long_one_that_differs_is_taken_apart() {
        let mut stride = Stride::default();
        assert!(!stride.differed(), "there is none shorter");
        stride.same(AT_ONCE);
        assert!(stride.differed());
        assert_eq!(stride.rows(), SHORTEST);
    }
}
