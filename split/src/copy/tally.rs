//! Adds the workers' ranges up to what is shown of each table.
//!
//! In: rows and bytes of ranges under way, done or failed. Out: progress that never goes back, though a range that
//! failed begins anew, and that is exact once the last range of a table is done.

use super::Progress;
use super::range::Range;
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
    /// Ranges that are not done.
    left: usize,
    done: Copied,
    /// By number of the range.
    under_way: BTreeMap<i64, Copied>,
    shown: Copied,
}

impl<'a> Tally<'a> {
    pub(super) fn new(tables: &'a [Table], ranges: &[Range], progress: &'a dyn Progress) -> Self {
        let sum = |(position, table): (usize, &'a Table)| Sum {
            name: &table.name,
            left: ranges.iter().filter(|range| range.table == position).count(),
            done: Copied::default(),
            under_way: BTreeMap::new(),
            shown: Copied::default(),
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
        self.progress.copied(sum.name, sum.shown.rows, sum.shown.bytes, finished);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Mutex<Vec<(u64, u64, bool)>>);

    impl Progress for Seen {
        fn copied(&self, table: &str, rows: u64, bytes: u64, done: bool) {
            assert_eq!(table, "t");
            self.0.lock().unwrap().push((rows, bytes, done));
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
        let tally = Tally::new(&tables, &[one, two], &seen);
        tally.under_way(&one, copied(0));
        tally.under_way(&one, copied(7));
        tally.under_way(&two, copied(4));
        tally.failed(&one);
        tally.done(&two, copied(5));
        tally.under_way(&one, copied(3));
        tally.done(&one, copied(9));
        let seen = seen.0.into_inner().unwrap();
        let rows: Vec<u64> = seen.iter().map(|(rows, ..)| *rows).collect();
        assert_eq!(rows, [0, 7, 11, 11, 11, 11, 14]);
        let finished: Vec<_> = seen.into_iter().filter(|(.., done)| *done).collect();
        assert_eq!(finished, [(14, 140, true)]);
    }
}
