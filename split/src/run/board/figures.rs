//! What the board says of copy and comparison: figures of tables, their sums, rates, and how long it will take.

use super::Board;
use crate::copy::Progress;
use crate::journal::chunk::Copied;
use crate::run::COPY_UNBOUNDED;
use crate::status::{CopyStatus, Status, TableState, TableStatus, Verification};
use crate::verify::{Comparison, Observer};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

impl Board {
    /// A copy begins, from nothing: what an earlier one had come to is no longer there.
    pub(in crate::run) fn begin_copy(&self) {
        self.late.store(false, Ordering::SeqCst);
        self.began.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.update(|status| {
            for table in &mut status.tables {
                let (name, total, total_bytes) = (std::mem::take(&mut table.name), table.total, table.total_bytes);
                *table = TableStatus { name, total, total_bytes, ..TableStatus::default() };
            }
            status.copy = Some(CopyStatus::default());
            status.findings.retain(|finding| finding.id != COPY_UNBOUNDED);
            sum_up(status, None);
        });
    }

    /// It is over, or broken off: what is left of it is how much it was, for nothing is fast, late or held back any more.
    pub(in crate::run) fn end_copy(&self) {
        self.update(|status| {
            let moved = |copy: CopyStatus| (copy.bytes, copy.total_bytes);
            let copied = status.copy.take().map(moved);
            status.copy = copied.map(|(bytes, total_bytes)| CopyStatus { bytes, total_bytes, ..CopyStatus::default() });
        });
    }

    /// The copy takes longer than the slot can wait.
    pub(in crate::run) fn hurry(&self) {
        self.late.store(true, Ordering::SeqCst);
    }

    /// Seconds left for a table at the rate since it began.
    fn eta(&self, table: &str, bytes: u64, expected: u64) -> Option<u64> {
        let mut began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        match began.get(table) {
            Some(since) if bytes > 0 => {
                let left = expected.saturating_sub(bytes) as f64;
                Some((since.elapsed().as_secs_f64() / bytes as f64 * left).round() as u64)
            }
            _ => {
                began.insert(table.to_owned(), Instant::now());
                None
            }
        }
    }

    /// Bytes per second, now that so many have gone over.
    fn rate(&self, bytes: u64) -> Option<f64> {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.push(Instant::now(), bytes);
        moved.rate()
    }
}

/// Adds the tables up.
fn sum_up(status: &mut Status, rate: Option<f64>) {
    let sum = |of: fn(&TableStatus) -> u64| status.tables.iter().map(of).fold(0, u64::saturating_add);
    let (bytes, total_bytes) = (sum(|table| table.bytes), sum(|table| table.total_bytes));
    let rate = rate.filter(|rate| *rate >= 1.0);
    let copy = status.copy.get_or_insert_default();
    copy.bytes = bytes;
    copy.total_bytes = total_bytes;
    copy.bytes_per_second = rate.map(|rate| rate as u64);
    copy.eta_seconds = rate.map(|rate| (total_bytes.saturating_sub(bytes) as f64 / rate).round() as u64);
}

impl Progress for Board {
    fn copied(&self, table: &str, copied: Copied, expected: u64, done: bool) {
        self.update(|status| {
            let Some(entry) = status.tables.iter_mut().find(|entry| entry.name == table) else { return };
            entry.rows = copied.rows;
            entry.bytes = copied.bytes;
            entry.total_bytes = if done { copied.bytes } else { expected };
            entry.state = if done { TableState::Copied } else { TableState::Copying };
            entry.eta_seconds = if done { None } else { self.eta(table, copied.bytes, expected) };
            if done {
                entry.total = copied.rows;
            }
            let bytes = status.tables.iter().map(|table| table.bytes).fold(0, u64::saturating_add);
            sum_up(status, self.rate(bytes));
        });
    }

    fn paced(&self, bound: Option<u64>, latency: Option<Duration>) {
        self.update(|status| {
            let copy = status.copy.get_or_insert_default();
            copy.max_bytes_per_second = bound;
            copy.writer_latency_ms = latency.map(|latency| latency.as_secs_f64() * 1000.0);
        });
    }

    fn is_late(&self) -> bool {
        self.late.load(Ordering::SeqCst)
    }
}

impl Observer for Board {
    fn compared(&self, comparison: &Comparison) {
        self.update(|status| {
            let total: u64 = status.tables.iter().map(|table| table.total).sum();
            status.verification = Some(Verification::new(comparison, total));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_the_sum_of_its_tables_and_begins_anew_from_nothing() {
        let board = Board::new("m");
        let table = |name: &str| TableStatus { name: name.into(), total_bytes: 100, ..TableStatus::default() };
        board.update(|status| status.tables = vec![table("a"), table("b")]);
        board.begin_copy();
        board.hurry();
        board.copied("a", Copied { rows: 1, bytes: 30 }, 120, false);
        board.copied("nobody's", Copied { rows: 9, bytes: 9 }, 9, true);
        board.paced(Some(5), Some(Duration::from_millis(2)));
        let copy = board.status().copy.unwrap();
        assert_eq!((copy.bytes, copy.total_bytes, copy.bytes_per_second), (30, 220, None));
        assert_eq!((copy.max_bytes_per_second, copy.writer_latency_ms, board.is_late()), (Some(5), Some(2.0), true));
        board.copied("a", Copied { rows: 4, bytes: 40 }, 120, true);
        let seen = board.status();
        assert_eq!((seen.copy.unwrap().total_bytes, seen.tables[0].total_bytes, seen.tables[0].total), (140, 40, 4));
        board.begin_copy();
        let copy = board.status().copy.unwrap();
        assert_eq!((copy, board.is_late()), (CopyStatus { total_bytes: 140, ..CopyStatus::default() }, false));
        board.end_copy();
        assert_eq!(board.status().copy, Some(CopyStatus { total_bytes: 140, ..CopyStatus::default() }));
    }
}
