//! The seeded source of chance. In: a seed. Out: the same numbers for ever. Not for secrets.
//!
//! SplitMix64 (Steele, Lea, Flood 2014), because the streams of general libraries may change with a release, and a market that is named by
//! its seed must be the same one next year.

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of chance.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 when `bound` isn't positive.
    pub(super) fn below(&mut self, bound: i64) -> i64 {
        let bound = u64::try_from(bound).unwrap_or_default();
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        // Less than `bound`, so it fits.
        i64::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number in `-reach..=reach`, more often near 0 than at the ends: the sum of two dice.
    pub(super) fn around_zero(&mut self, reach: i64) -> i64 {
        self.below(reach + 1) - self.below(reach + 1)
    }

    /// True in `per_mille` of 1000 cases.
    pub(super) fn chance(&mut self, per_mille: i64) -> bool {
        self.below(1000) < per_mille
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_pinned() {
        let mut rng = Rng::new(0);
        assert_eq!(rng.next_u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(rng.next_u64(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn numbers_stay_in_their_bounds() {
        let mut rng = Rng::new(1);
        assert!((0..10_000).map(|_| rng.below(7)).all(|number| (0..7).contains(&number)));
        assert!((0..10_000).map(|_| rng.around_zero(5)).all(|number| (-5..=5).contains(&number)));
        assert_eq!((rng.below(0), rng.below(-3)), (0, 0));
    }
}
