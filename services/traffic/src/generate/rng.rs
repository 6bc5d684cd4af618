//! The seeded source of chance. In: a seed and the name of what is generated. Out: the same numbers for ever.
//!
//! SplitMix64 (Steele, Lea, Flood 2014) instead of `rand::StdRng`, whose stream may change with any release: a data set that is
//! named by its seed must be the same one next year. Not for secrets.

use uuid::{Builder, Uuid};

/// A stream of chance that belongs to one row of one table.
#[derive(Debug, Clone)]
pub struct Rng(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Rng {
    /// The stream of row `index` in `stream` (a table's name) under `seed`. Rows do not depend on each other, so any row can be
    /// generated alone and in any order.
    #[must_use]
    pub fn of(seed: u64, stream: &str, index: u64) -> Self {
        // FNV-1a keeps streams of different names apart without a dependency.
        let name =
            stream.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        let mut rng = Self(seed ^ name.rotate_left(17));
        rng.0 = rng.next_u64() ^ index.wrapping_mul(GOLDEN);
        rng.next_u64();
        rng
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 when `bound` is 0. The bias of the multiply-shift is below 2^-32 for the bounds used here.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// True in `per_mille` of 1000 cases.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of `items`, which must not be empty (the first one is returned where indexing could fail).
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap_or_default();
        items[index.min(items.len() - 1)]
    }

    /// A version 4 UUID, as `gen_random_uuid()` of a monolith would have made it.
    pub fn uuid(&mut self) -> Uuid {
        let bits = (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64());
        Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    /// 64 hexadecimal digits, as a SHA-256 digest has them.
    pub fn digest(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.next_u64())).collect()
    }

    /// `len` lower-case letters and digits.
    pub fn token(&mut self, len: usize) -> String {
        (0..len).map(|_| char::from(self.pick(ALPHABET))).collect()
    }
}

const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// `value` in base 36: short, lower case, legal in a local part and in a host label.
#[must_use]
pub fn base36(mut value: u64) -> String {
    let mut digits = Vec::with_capacity(13);
    loop {
        digits.push(ALPHABET[usize::try_from(value % 36).unwrap_or_default()]);
        value /= 36;
        if value == 0 {
            break;
        }
    }
    digits.iter().rev().map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_stream_is_pinned() {
        // A change here silently changes every data set that was named by its seed.
        let mut rng = Rng(0);
        assert_eq!(rng.next_u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(rng.next_u64(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn rows_and_tables_have_streams_of_their_own() {
        let mut seen = HashSet::new();
        for table in ["email_addresses", "human_names"] {
            for index in 0..5_000 {
                assert!(seen.insert(Rng::of(7, table, index).uuid()));
            }
        }
        assert_eq!(Rng::of(7, "a", 3).uuid(), Rng::of(7, "a", 3).uuid());
        assert_ne!(Rng::of(7, "a", 3).uuid(), Rng::of(8, "a", 3).uuid());
    }

    #[test]
    fn below_covers_its_range_evenly() {
        let mut rng = Rng::of(1, "x", 0);
        let mut hits = [0_u32; 10];
        for _ in 0..10_000 {
            hits[rng.below(10) as usize] += 1;
        }
        assert!(hits.iter().all(|h| (850..1150).contains(h)), "{hits:?}");
    }

    #[test]
    fn base36_is_short_and_unique() {
        assert_eq!(base36(0), "0");
        assert_eq!(base36(35), "z");
        assert_eq!(base36(36), "10");
        assert_eq!(base36(u64::MAX).len(), 13);
    }
}
