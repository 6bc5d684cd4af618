//! Adds the workers' ranges up to what is shown of each table.
//!
//! In: rows and bytes of ranges under way, done or failed. Out: progress that never goes back, though a range that
//! failed begins anew, and that is exact once the last range of a table is done.

use super::Progress;
use super::range::{Extent, Range};
use crate::inspect::Table;
use crate::journal::chunk::Copied;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// See the file's header.
pub(super) struct Tally<'a> {
    progress: &'a dyn Progress,
    tables: Mutex<Vec<Sum<'a>>>,
}

struct Sum<'a> {
    name: &'a str,
    /// Bytes on the source's disk.
    size: u64,
    ranges: u64,
    /// Ranges that are not done.
    left: u64,
    done: Copied,
    /// By number of the range.
    under_way: BTreeMap<i64, Copied>,
    shown: Copied,
}

impl<'a> Tally<'a> {
    /// `extents` are those of `tables`, in their order.
    pub(super) fn new(tables: &'a [Table], extents: &[Extent], ranges: &[Range], progress: &'a dyn Progress) -> Self {
        let sum = |(position, table): (usize, &'a Table)| {
            let ranges = ranges.iter().filter(|range| range.table == position).count() as u64;
            Sum {
                name: &table.name,
                size: extents.get(position).map_or(0, |extent| extent.bytes),
                ranges,
                left: ranges,
                done: Copied::default(),
                under_way: BTreeMap::new(),
                shown: Copied::default(),
            }
        };
        Self { progress, tables: Mutex::new(tables.iter().enumerate().map(sum).collect()) }
    }

    /// So much of the range has gone over, but is not committed.
    pub(super) fn under_way(&self, range: &Range, copied: Copied) {
        self.change(range, |sum| {
            sum.under_way.insert(range.number, copied);
        });
    }

    /// The range has failed: what was counted of it is not there.
    pub(super) fn failed(&self, range: &Range) {
        self.change(range, |sum| {
            sum.under_way.remove(&range.number);
        });
    }

    /// The range is committed.
    pub(super) fn done(&self, range: &Range, copied: Copied) {
        self.change(range, |sum| {
            sum.under_way.remove(&range.number);
            sum.left = sum.left.saturating_sub(1);
            sum.done = sum.done + copied;
        });
    }

    /// Reported under the lock, so that an older sum never follows a newer one.
    fn change(&self, range: &Range, change: impl FnOnce(&mut Sum<'_>)) {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sum) = tables.get_mut(range.table) else { return };
        change(sum);
        let now = sum.under_way.values().fold(sum.done, |total, part| total + *part);
        let finished = sum.left == 0;
        sum.shown = if finished { sum.done } else { sum.shown.max(now) };
        self.progress.copied(sum.name, sum.shown, sum.expected(), finished);
    }
}

impl Sum<'_> {
    /// Bytes that the whole table will have been: by its size, until ranges that are done have shown what becomes of a block.
    fn expected(&self) -> u64 {
        let done = self.ranges.saturating_sub(self.left);
        let all = match done {
            0 => self.size,
            done => u64::try_from(u128::from(self.done.bytes) * u128::from(self.ranges) / u128::from(done))
                .unwrap_or(u64::MAX),
        };
        all.max(self.shown.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Mutex<Vec<(Copied, u64, bool)>>);

    impl Progress for Seen {
        fn copied(&self, table: &str, copied: Copied, expected: u64, done: bool) {
            assert_eq!(table, "t");
            self.0.lock().unwrap().push((copied, expected, done));
        }

        fn paced(&self, _: Option<u64>, _: Option<std::time::Duration>) {}

        fn is_late(&self) -> bool {
            false
        }
    }

    fn copied(rows: u64) -> Copied {
        Copied { rows, bytes: rows * 10 }
    }

    #[test]
    fn a_range_that_begins_anew_is_not_counted_twice_and_nothing_goes_back() {
        let (seen, tables) = (Seen::default(), [Table { name: "t".into(), ..Table::default() }]);
        let range = |number| Range { table: 0, number, from: 0, to: None };
        let (one, two) = (range(0), range(1));
        let tally = Tally::new(&tables, &[Extent { blocks: 2, bytes: 100 }], &[one, two], &seen);
        tally.under_way(&one, copied(0));
        tally.under_way(&one, copied(7));
        tally.under_way(&two, copied(4));
        tally.failed(&one);
        tally.done(&two, copied(5));
        tally.under_way(&one, copied(3));
        tally.done(&one, copied(9));
        let seen = seen.0.into_inner().unwrap();
        let rows: Vec<u64> = seen.iter().map(|(copied, ..)| copied.rows).collect();
        assert_eq!(rows, [0, 7, 11, 11, 11, 11, 14]);
        let expected: Vec<u64> = seen.iter().map(|(_, expected, _)| *expected).collect();
        assert_eq!(
            expected,
            [100, 100, 110, 110, 110, 110, 140],
            "its size, then what has gone over, then what ranges were"
        );
        let finished: Vec<_> = seen.into_iter().filter(|(.., done)| *done).collect();
        assert_eq!(finished, [(copied(14), 140, true)]);
    }
}
