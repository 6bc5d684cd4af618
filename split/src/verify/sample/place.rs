//! In which order ranges are compared: drawn by lot, evenly over all tables. Pure.
//!
//! In: a seed, a table, how many ranges it has. Out: a place for each of them. The same seed draws the same places, whichever other tables
//! there are and whoever asks, so a worker that comes later goes on in the order of the one before it.

use super::WHOLE;
use sha2::{Digest, Sha256};

/// Where a range stands among those of all tables: in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// It may be left out if there is no time. What may not be comes first.
    pub(super) optional: bool,
    /// Which share of its table comes before it, in 2^32nds: at any moment about the same share of each table has been compared.
    at: u64,
    /// Tells apart what stands at the same share.
    lot: u64,
}

/// The places of `count` ranges of `table`, by number. A table of few ranges is compared as a whole, of any other at least one is.
pub(super) fn places(seed: &str, table: &str, count: usize) -> Vec<Place> {
    let mut drawn: Vec<(u64, usize)> = (0..count).map(|number| (draw(seed, table, number), number)).collect();
    drawn.sort_unstable();
    // Or all tables of one size would come at the same moments.
    let shift = draw(seed, table, usize::MAX) >> 32;
    let mut places: Vec<(usize, Place)> = (0_u64..)
        .zip(drawn)
        .map(|(rank, (lot, number))| {
            let at = ((rank << 32) + shift) / (count as u64).max(1);
            (number, Place { optional: count > WHOLE && rank > 0, at, lot })
        })
        .collect();
    places.sort_unstable_by_key(|(number, _)| *number);
    places.into_iter().map(|(_, place)| place).collect()
}

/// A number that nobody can foretell without the seed.
pub(super) fn draw(seed: &str, table: &str, number: usize) -> u64 {
    // No table's name holds a NUL.
    let digest = Sha256::digest(format!("{seed}\0{table}\0{number}"));
    digest.iter().take(8).fold(0, |drawn, byte| (drawn << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Names and numbers in the order of comparing, and whether each may be left out.
    fn order<'a>(seed: &str, tables: &[(&'a str, usize)]) -> Vec<(&'a str, usize, bool)> {
        let of = |&(name, count): &(&'a str, usize)| {
            places(seed, name, count).into_iter().enumerate().map(move |(number, place)| (place, name, number))
        };
        let mut all: Vec<_> = tables.iter().flat_map(of).collect();
        all.sort_unstable();
        all.into_iter().map(|(place, name, number)| (name, number, place.optional)).collect()
    }

    #[test]
    fn every_range_comes_once_and_what_must_be_compared_comes_first() {
        let order = order("m", &[("large", 400), ("small", WHOLE), ("one", 1)]);
        assert_eq!(order.len(), 400 + WHOLE + 1);
        let mut numbers: Vec<usize> = order.iter().filter(|one| one.0 == "large").map(|one| one.1).collect();
        assert_ne!(numbers, (0..400).collect::<Vec<_>>(), "by lot");
        numbers.sort_unstable();
        assert_eq!(numbers, (0..400).collect::<Vec<_>>());
        let must = order.iter().take_while(|one| !one.2);
        let mut by_table = BTreeMap::new();
        must.for_each(|one| *by_table.entry(one.0).or_insert(0) += 1);
        assert_eq!(by_table, BTreeMap::from([("large", 1), ("one", 1), ("small", WHOLE)]));
        assert!(order.iter().skip(WHOLE + 2).all(|one| one.2));
    }

    #[test]
    fn the_same_seed_draws_the_same_order_and_another_one_another() {
        let tables = [("a", 50), ("b", 20)];
        assert_eq!(order("m", &tables), order("m", &tables));
        assert_ne!(order("m", &tables), order("n", &tables));
        assert_eq!(places("m", "a", 50), places("m", "a", 50));
        assert_ne!(places("m", "a", 50), places("m", "b", 50), "each table has an order of its own");
    }

    #[test]
    fn at_any_moment_about_the_same_share_of_each_table_has_been_compared() {
        let tables = [("huge", 1000), ("large", 100), ("middling", 20)];
        let order = order("m", &tables);
        let mut done: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, (name, ..)) in order.iter().enumerate() {
            *done.entry(name).or_default() += 1;
            let share = (at + 1) as f64 / order.len() as f64;
            for (table, count) in tables {
                let seen = done.get(table).copied().unwrap_or_default() as f64;
                let off = (seen - share * count as f64).abs();
                assert!(off <= 2.5 + 0.01 * count as f64, "{table}: {seen} of {count} at {share}");
            }
        }
    }
}
