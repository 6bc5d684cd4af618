//! Differences that are seeded, and what the comparison makes of them. In: two databases that hold the same. Out: how many of a flipped byte, a
//! missing row and an extra row are named by their keys, and how many keys are named besides. Both databases are as they were afterwards.

use super::{DATABASE, ENGINE, Error, Pair};
use crate::board::{Board, What};
use crate::split::Common;

/// How many of the three were not named.
pub(super) const MISSED: What = What { name: "seeded differences not found", unit: "of 3" };
/// Keys that were named and don't differ.
pub(super) const BESIDES: What = What { name: "keys named that don't differ", unit: "keys" };
/// How many tries share a comparison. Each is judged by keys of its own.
const AT_ONCE: usize = 10;
/// Steps through the rows in an order that looks like none; prime.
const STEP: u64 = 7_368_787;

/// Where the three are.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// The order whose note has another byte.
    flipped: u64,
    /// Which byte, from 1.
    byte: u64,
    /// The number of the document that is missing.
    missing: u64,
    /// The customer who is one too many.
    extra: u64,
}

/// Seeds, compares and mends: so many tries, some of them in each comparison.
pub(super) fn seed(common: &Common, pair: &Pair, rows: u64, tries: u64, board: &mut Board) -> Result<(), Error> {
    let places: Vec<Place> = (1..=tries).map(|number| Place::of(number, rows)).collect();
    for together in places.chunks(AT_ONCE) {
        let ask = |sql: String| pair.target.ask(DATABASE, &sql);
        let seeded = together.iter().map(|place| ask(place.seed())).collect::<Result<Vec<String>, _>>()?;
        let told = pair.tool(common, DATABASE).differences()?;
        together.iter().try_for_each(|place| ask(place.mend()).map(drop))?;
        for (place, keys) in together.iter().zip(&seeded) {
            let missed = keys.lines().filter(|key| !told.iter().any(|told| told == key)).count();
            if missed > 0 {
                eprintln!("    {place:?}: seeded {keys:?}, told {told:?}");
            }
            board.add(ENGINE, MISSED, missed as f64);
        }
        let besides: Vec<&String> =
            told.iter().filter(|told| !seeded.iter().any(|keys| keys.lines().any(|key| key == *told))).collect();
        if !besides.is_empty() {
            eprintln!("    told besides: {besides:?}");
        }
        board.add(ENGINE, BESIDES, besides.len() as f64);
    }
    Ok(())
}

impl Place {
    /// Half of the rows are orders, numbered from 1, a quarter customers, a quarter documents.
    fn of(number: u64, rows: u64) -> Self {
        let (orders, at) = ((rows / 2).max(1), number.wrapping_mul(STEP));
        Self { flipped: 1 + at % orders, byte: 1 + at % 38, missing: 1 + at % (orders / 2).max(1), extra: number }
    }

    /// Says which keys then differ, a line each.
    fn seed(&self) -> String {
        let Self { flipped, byte, missing, extra } = self;
        format!(
            "CREATE TABLE public.kept_{extra} AS SELECT * FROM documents WHERE id = md5('{missing}')::uuid;
             DELETE FROM documents WHERE id = md5('{missing}')::uuid RETURNING 'documents (' || id || ')';
             UPDATE orders SET note = overlay(note PLACING '~' FROM {byte} FOR 1) WHERE id = {flipped} RETURNING 'orders (' || id || ')';
             INSERT INTO customers SELECT -{extra}, 'extra' || {extra}, name, country, created_at FROM customers WHERE id = 1
               RETURNING 'customers (' || id || ')'"
        )
    }

    fn mend(&self) -> String {
        let Self { flipped, extra, .. } = self;
        format!(
            "INSERT INTO documents SELECT * FROM public.kept_{extra}; DROP TABLE public.kept_{extra};
             UPDATE orders SET note = 'Order ' || id || ' ' || md5(id::text) WHERE id = {flipped};
             DELETE FROM customers WHERE id = -{extra}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_is_elsewhere_and_within_the_tables() {
        let places: Vec<Place> = (1..=100).map(|number| Place::of(number, 4000)).collect();
        for (n, place) in places.iter().enumerate() {
            assert!((1..=2000).contains(&place.flipped) && (1..=1000).contains(&place.missing), "{place:?}");
            // The shortest note is `Order 1 ` and 32 letters of a digest.
            assert!((1..=40).contains(&place.byte), "{place:?}");
            assert!(places[..n].iter().all(|other| other.flipped != place.flipped && other.missing != place.missing));
        }
    }
}
