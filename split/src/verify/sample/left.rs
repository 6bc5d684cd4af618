//! Adds up what isn't compared yet, table by table.
//!
//! In: ranges, what is expected of each and what was found. Out: what is left. How large single ranges are is a matter of luck, how large
//! the table is isn't: what is left of it is what was expected of all of it, less what was found.

use super::super::Rest;
use std::collections::BTreeMap;

/// What is left, by table.
#[derive(Debug, Default)]
pub(super) struct Left<'a>(BTreeMap<&'a str, Table>);

#[derive(Debug, Default)]
struct Table {
    ranges: u64,
    expected: u64,
    rows: u64,
}

impl<'a> Left<'a> {
    /// A range of so many rows by statistics; `seen`: those that an earlier worker has compared.
    pub(super) fn add(&mut self, table: &'a str, expected: u64, seen: Option<u64>) {
        let entry = self.0.entry(table).or_default();
        entry.expected = entry.expected.saturating_add(expected);
        entry.rows = entry.rows.saturating_add(seen.unwrap_or_default());
        entry.ranges += u64::from(seen.is_none());
    }

    /// One more range is compared, and had so many rows.
    pub(super) fn compared(&mut self, table: &'a str, rows: u64) {
        let entry = self.0.entry(table).or_default();
        entry.ranges = entry.ranges.saturating_sub(1);
        entry.rows = entry.rows.saturating_add(rows);
    }

    /// All of it.
    pub(super) fn rest(&self) -> Rest {
        let mut rest = Rest::default();
        for table in self.0.values().filter(|table| table.ranges > 0) {
            rest.ranges += table.ranges;
            // More than was expected may be there; nobody has looked, so it isn't nothing.
            rest.rows = rest.rows.saturating_add(table.expected.saturating_sub(table.rows).max(table.ranges));
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_table_is_what_was_not_found_of_it() {
        let mut left = Left::default();
        left.add("a", 100, None);
        left.add("a", 100, Some(150));
        left.add("a", 100, None);
        left.add("b", 7, None);
        assert_eq!(left.rest(), Rest { ranges: 3, rows: 157 });
        left.compared("a", 170);
        assert_eq!(left.rest(), Rest { ranges: 2, rows: 8 }, "a has more rows than anybody has expected");
        left.compared("b", 1);
        left.compared("a", 10);
        assert_eq!(left.rest(), Rest::default());
    }
}
