//! Cuts a table into ranges of its key without reading it: by the keys of some of its blocks, drawn by lot by the server.
//!
//! In: a session of the source, a table, about how many rows it has. Out: ranges that lie side by side, the first without a beginning, the
//! last without an end, so that together they hold every row, those that come later too. How many rows a range has is a matter of luck:
//! they are compared by chunks.

use super::super::Queries;
use super::super::chunk::Chunk;
use super::super::stride::SHORTEST;
use super::memory::Range;
use super::{WHOLE, place};
use crate::sql;
use crate::step::{StepError, failed};
use tokio_postgres::Client;

/// The most ranges of one table: each costs a read somewhere in it.
const MOST: u64 = 1_000;
/// What a row takes on disk where nothing is known of a table.
const ROW_BYTES: u64 = 100;

/// Cuts the table that has about `rows` rows; 0 if nobody knows.
pub(super) async fn cut(source: &Client, queries: &Queries, rows: u64, seed: &str) -> Result<Vec<Range>, StepError> {
    let table = queries.from.table();
    let (blocks, bytes) = size(source, table).await?;
    let rows = if rows > 0 { rows } else { bytes / ROW_BYTES };
    let bounds = match pieces(rows) {
        1 => Vec::new(),
        pieces => {
            let percent = (100.0 * (pieces - 1) as f64 / blocks.max(1) as f64).min(100.0);
            // The server takes a number for its own lot.
            let lot = u32::try_from(place::draw(seed, &queries.name, usize::MAX - 1) >> 32).unwrap_or_default();
            let found = source.query(&queries.from.bounds(percent, lot), &[]).await;
            let found = found.map_err(failed("cut a table into ranges"))?;
            let width = queries.from.width();
            found.iter().map(|row| (0..width).map(|column| row.get(column)).collect()).collect()
        }
    };
    Ok(ranges(bounds, rows))
}

/// Blocks and bytes of its heap, of all its partitions if it has any.
async fn size(source: &Client, table: &str) -> Result<(u64, u64), StepError> {
    let select = format!(
        "SELECT n / current_setting('block_size')::int8, n FROM (SELECT greatest(pg_relation_size(r), \
         (SELECT coalesce(sum(pg_relation_size(relid)), 0)::int8 FROM pg_partition_tree(r))) AS n FROM (SELECT {}::regclass AS r) x) y",
        sql::literal(table)
    );
    let row = source.query_one(&select, &[]).await.map_err(failed("see how large a table is"))?;
    let count = |column| u64::try_from(row.get::<_, i64>(column)).unwrap_or_default();
    Ok((count(0), count(1)))
}

/// How many ranges a table of so many rows is to have: one if it is compared as a whole anyway.
fn pieces(rows: u64) -> u64 {
    let chunks = rows.div_ceil(SHORTEST.unsigned_abs());
    if chunks <= WHOLE as u64 { 1 } else { chunks.min(MOST) }
}

/// What lies between the bounds, which are in the order of the key.
fn ranges(bounds: Vec<Vec<String>>, rows: u64) -> Vec<Range> {
    let expected = rows.div_ceil(bounds.len() as u64 + 1).max(1);
    let ends = bounds.iter().cloned().map(Some).chain([None]);
    let begins = [None].into_iter().chain(bounds.iter().cloned().map(Some));
    let range = |(after, upto)| Range { chunk: Chunk { after, upto }, expected, seen: None };
    begins.zip(ends).map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_table_is_one_range_and_the_largest_has_no_more_than_so_many() {
        assert_eq!([0, 1, 50_000].map(pieces), [1, 1, 1]);
        assert_eq!([50_001, 120_000, 10_000_000, u64::MAX].map(pieces), [6, 12, 1_000, 1_000]);
    }

    #[test]
    fn ranges_lie_side_by_side_and_are_open_at_both_ends() {
        let key = |text: &str| vec![text.to_owned()];
        let cut = ranges(vec![key("3"), key("7")], 10);
        let ends: Vec<_> = cut.iter().map(|range| (range.chunk.after.clone(), range.chunk.upto.clone())).collect();
        assert_eq!(ends, [(None, Some(key("3"))), (Some(key("3")), Some(key("7"))), (Some(key("7")), None)]);
        assert!(cut.iter().all(|range| range.expected == 4 && range.seen.is_none()));
        let whole = ranges(Vec::new(), 0);
        assert_eq!((whole.len(), whole[0].expected), (1, 1), "what nobody has counted isn't nothing");
    }
}
