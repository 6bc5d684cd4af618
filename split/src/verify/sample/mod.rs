//! A comparison that ends in time: ranges of all tables, drawn by lot, until everything is compared or the time is over.
//!
//! In: tables, about how many rows each has, a bound, a seed. Out: as `verify`, and what was left out. Small tables are compared as a
//! whole and one range of each other, whatever the time; they come first. A range that has been begun is finished.

mod cut;
mod left;
mod memory;
mod place;

pub(super) use memory::forget;

use super::chunk::{self, Chunk};
use super::stride::SHORTEST;
use super::way::Way;
use super::{Comparison, Observer, Pair, Queries, conclude, recorded};
use crate::step::StepError;
use left::Left;
use memory::{Range, Seen};
use place::Place;
use std::time::{Duration, Instant};

/// A table of no more ranges than this is compared as a whole.
const WHOLE: usize = 5;

/// How it is sampled.
pub(super) struct Bounds<'a> {
    /// For how long ranges are compared, by all who have worked at it.
    pub(super) limit: Duration,
    /// What the lot is drawn by.
    pub(super) seed: &'a str,
}

/// A range among those of all tables.
struct Entry<'a> {
    place: Place,
    queries: &'a Queries,
    number: usize,
    range: Range,
}

/// Compares ranges of `tables`, each with its rows by the statistics; 0 if nobody knows.
pub(super) async fn compare(
    way: &Way<'_>,
    pair: &Pair,
    tables: &[(Queries, u64)],
    bounds: &Bounds<'_>,
    total: &mut Comparison,
    observer: &dyn Observer,
) -> Result<(), StepError> {
    let entries = entries(way, pair, tables, bounds.seed).await?;
    let mut spent = Duration::ZERO;
    let mut left = Left::default();
    for Entry { queries, range, .. } in &entries {
        left.add(&queries.name, range.expected, range.seen.map(|seen| seen.rows));
        let seen = range.seen.unwrap_or_default();
        total.rows += seen.rows;
        total.chunks += seen.chunks;
        spent += seen.took;
    }
    total.rest = Some(left.rest());
    for Entry { place, queries, number, range } in entries.iter().filter(|entry| entry.range.seen.is_none()) {
        if total.is_cut_short() || (place.optional && spent >= bounds.limit) {
            break;
        }
        let (begun, found) = (Instant::now(), total.mismatches.len());
        let seen = compare_range(way, pair, queries, &range.chunk, total).await?;
        let seen = Seen { took: begun.elapsed(), ..seen };
        spent += seen.took;
        // One that differs isn't written down: the next run looks at it again.
        if total.mismatches.len() == found {
            memory::record(way, &queries.name, *number, seen).await?;
            recorded().await;
        }
        left.compared(&queries.name, seen.rows);
        total.rest = Some(left.rest());
        observer.compared(total);
    }
    Ok(())
}

/// All ranges in the order of comparing; what an earlier worker has cut stays as it is.
async fn entries<'a>(
    way: &Way<'_>,
    pair: &Pair,
    tables: &'a [(Queries, u64)],
    seed: &str,
) -> Result<Vec<Entry<'a>>, StepError> {
    let mut known = memory::read(way).await?;
    let mut entries = Vec::new();
    for (queries, rows) in tables {
        let ranges = match known.remove(&queries.name) {
            Some(ranges) => ranges,
            None => {
                let ranges = cut::cut(&pair.source, queries, *rows, seed).await?;
                memory::write(way, &queries.name, &ranges).await?;
                ranges
            }
        };
        let places = place::places(seed, &queries.name, ranges.len());
        let numbered = places.into_iter().zip(ranges).enumerate();
        entries.extend(numbered.map(|(number, (place, range))| Entry { place, queries, number, range }));
    }
    entries.sort_by_key(|entry| entry.place);
    Ok(entries)
}

/// Compares a range chunk by chunk: it may hold any number of rows.
async fn compare_range(
    way: &Way<'_>,
    pair: &Pair,
    queries: &Queries,
    range: &Chunk,
    total: &mut Comparison,
) -> Result<Seen, StepError> {
    let mut seen = Seen::default();
    let mut rest = range.clone();
    loop {
        let end = chunk::upper(&pair.source, &queries.from, &rest, SHORTEST).await?;
        let last = end.is_none() || end == range.upto;
        let part = Chunk { after: rest.after.take(), upto: end.or_else(|| range.upto.clone()) };
        let sum = chunk::sum(pair, queries, &part).await?;
        conclude(way, pair, queries, (&part, sum), total).await?;
        seen.rows += sum.rows;
        seen.chunks += 1;
        if last || total.is_cut_short() {
            return Ok(seen);
        }
        rest.after = part.upto;
    }
}
