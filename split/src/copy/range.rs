//! Tables cut into ranges of blocks, and the two statements that carry one range over.
//!
//! In: sizes. Out: ranges that lie side by side, the first from block 0, the last without an end. Pure.

use crate::inspect::Table;
use crate::sql;

/// How large a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Blocks of the heap.
    pub(super) blocks: u32,
    /// Bytes of heap and TOAST.
    pub(super) bytes: u64,
}

/// Some blocks of one table: what one transaction copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// Position of the table in the inventory.
    pub(super) table: usize,
    /// Number within the table, from 0.
    pub(super) number: i64,
    /// The first block.
    pub(super) from: u32,
    /// The first block that does not belong to it; none: whatever there is.
    pub(super) to: Option<u32>,
}

/// Every range of every table, the largest tables first, lest one of them is what all wait for in the end.
pub(super) fn cut_all(extents: &[Extent], chunk_bytes: u64) -> Vec<Range> {
    let mut order: Vec<usize> = (0..extents.len()).collect();
    order.sort_by_key(|&table| std::cmp::Reverse(extents[table].bytes));
    order.into_iter().flat_map(|table| cut(table, extents[table], chunk_bytes)).collect()
}

/// Ranges of about `chunk_bytes`, TOAST counted where its rows are. A table without blocks has one range, too: rows may
/// have come between the slot and the look at the size.
fn cut(table: usize, extent: Extent, chunk_bytes: u64) -> Vec<Range> {
    let blocks = u64::from(extent.blocks).max(1);
    let pieces = extent.bytes.div_ceil(chunk_bytes.max(1)).clamp(1, blocks);
    let step = u32::try_from(blocks.div_ceil(pieces)).unwrap_or(u32::MAX);
    let mut ranges = Vec::new();
    let mut next = Some(0_u32);
    while let Some(from) = next {
        next = from.checked_add(step).filter(|to| *to < extent.blocks);
        let number = i64::try_from(ranges.len()).unwrap_or(i64::MAX);
        ranges.push(Range { table, number, from, to: next });
    }
    ranges
}

/// `COPY … TO STDOUT` of the rows in blocks `from` to before `to`; without `to`, of all from there on.
#[must_use]
pub fn copy_out_sql(schema: &str, table: &Table, from: &str, to: Option<&str>) -> String {
    let end = to.map_or_else(String::new, |to| format!(" AND ctid < '({to},0)'"));
    format!(
        "COPY (SELECT {} FROM ONLY {} WHERE ctid >= '({from},0)'{end}) TO STDOUT (FORMAT {})",
        sql::idents(table.copied_columns()),
        sql::qualified(schema, &table.name),
        format(table)
    )
}

/// `COPY … FROM STDIN`.
#[must_use]
pub fn copy_in_sql(schema: &str, table: &Table) -> String {
    format!(
        "COPY {} ({}) FROM STDIN (FORMAT {})",
        sql::qualified(schema, &table.name),
        sql::idents(table.copied_columns()),
        format(table)
    )
}

fn format(table: &Table) -> &'static str {
    if table.is_binary() { "binary" } else { "text" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranges_lie_side_by_side_and_leave_nothing_out(
            blocks in prop_oneof![0..2_000_u32, Just(u32::MAX)], bytes in 0..1_u64 << 45, chunk in 1_u64 << 30..1 << 40,
        ) {
            let ranges = cut(3, Extent { blocks, bytes }, chunk);
            prop_assert_eq!(ranges[0].from, 0);
            prop_assert_eq!(ranges.last().unwrap().to, None);
            for (at, pair) in ranges.windows(2).enumerate() {
                prop_assert_eq!(pair[0].to, Some(pair[1].from));
                prop_assert!(pair[0].from < pair[1].from && pair[1].from < blocks);
                prop_assert_eq!((pair[0].number, pair[0].table), (at as i64, 3));
            }
            prop_assert!(ranges.len() as u64 <= bytes.div_ceil(chunk).max(1));
        }
    }

    #[test]
    fn the_size_decides_about_the_number_of_ranges() {
        let cut = |blocks, bytes| cut(0, Extent { blocks, bytes }, 64 << 20).len();
        assert_eq!(cut(0, 0), 1);
        assert_eq!(cut(8192, 64 << 20), 1);
        assert_eq!(cut(8193, (64 << 20) + 8192), 2);
        assert_eq!(cut(10, 640 << 20), 10, "TOAST makes few blocks many ranges");
        assert_eq!(cut(1, 1 << 40), 1, "a block is not divided");
    }

    #[test]
    fn the_largest_table_comes_first() {
        let extents = [Extent { blocks: 1, bytes: 8192 }, Extent { blocks: 4, bytes: 32768 }];
        let order: Vec<_> = cut_all(&extents, 16384).iter().map(|range| (range.table, range.number)).collect();
        assert_eq!(order, [(1, 0), (1, 1), (0, 0)]);
    }
}
