//! The ledger in memory. In: one outcome per request. Out: entries by range, and a summary of the whole run.

use super::clock::Clock;
use super::entry::{Entry, Failure};
use super::gap::{self, Gap};
use super::percentile::{Latency, summarise};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

/// Failures kept in full; beyond it they are only counted.
const FAILURES_KEPT: usize = 200;

/// Length of the spans in which the rate is looked at by itself: ten seconds.
pub const SPAN_US: u64 = 10_000_000;

/// All that one run has seen so far. Shared by the workers; every call is short and never waits for anything but the lock.
#[derive(Debug)]
pub struct Book {
    /// The run's clock.
    pub clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: Vec<Entry>,
    failures: Vec<Failure>,
    reasons: BTreeMap<String, u64>,
    latency_us: Vec<u64>,
    ended_us: Vec<u64>,
    companies: Companies,
    known: HashMap<String, Uuid>,
    file: Option<UnboundedSender<Entry>>,
}

/// What was acknowledged about companies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Companies {
    /// Forms that named one.
    pub named: u64,
    /// Of these: taken without saying which company it is.
    pub pending: u64,
    /// Of these: answered with another id than an earlier spelling of the same name, or for a form that named none.
    pub contradicting: u64,
}

/// Figures of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Requests that have ended, well or not.
    pub total: u64,
    /// Of these: acknowledged.
    pub acknowledged: u64,
    /// Of these: not acknowledged.
    pub failed: u64,
    /// Failures by reason.
    pub reasons: BTreeMap<String, u64>,
    /// The first failures in full.
    pub failures: Vec<Failure>,
    /// Latency of all requests from the moment they were due, so that waiting for a free connection counts.
    pub latency: Option<Latency>,
    /// Seconds from the run's start to the end of its last request.
    pub seconds: f64,
    /// `total / seconds`.
    pub rate: f64,
    /// Requests per second in the weakest of the whole [`SPAN_US`] spans of the run; `None` in a run shorter than one.
    pub rate_lowest: Option<f64>,
    /// The longest time without an acknowledgement.
    pub longest: Option<Gap>,
    /// What was acknowledged about companies.
    pub companies: Companies,
}

impl Book {
    /// An empty book; what it is told also goes to `file`.
    #[must_use]
    pub fn new(clock: Clock, file: Option<UnboundedSender<Entry>>) -> Self {
        let inner = Inner { file, ..Inner::default() };
        Self { clock, inner: Mutex::new(inner) }
    }

    /// Writes down an acknowledged write.
    pub fn acknowledged(&self, entry: Entry) {
        let mut inner = self.lock();
        inner.company(&entry);
        inner.latency_us.push(entry.ack_us.saturating_sub(entry.due_us));
        inner.ended_us.push(entry.ack_us);
        if let Some(file) = &inner.file {
            // A closed channel means that the writer has reported why it gave up.
            let _ = file.send(entry.clone());
        }
        inner.entries.push(entry);
    }

    /// Writes down a request that failed; `due_us` is when it should have left.
    pub fn failed(&self, failure: Failure, due_us: u64) {
        let mut inner = self.lock();
        inner.latency_us.push(failure.end_us.saturating_sub(due_us));
        inner.ended_us.push(failure.end_us);
        *inner.reasons.entry(failure.reason.clone()).or_default() += 1;
        if inner.failures.len() < FAILURES_KEPT {
            inner.failures.push(failure);
        }
    }

    /// Ends the file; called once no worker is left.
    pub fn close(&self) {
        self.lock().file = None;
    }

    /// Up to `limit` entries from position `from`, in the order they were acknowledged.
    #[must_use]
    pub fn entries(&self, from: usize, limit: usize) -> Vec<Entry> {
        self.lock().entries.iter().skip(from).take(limit).cloned().collect()
    }

    /// The longest time without an acknowledgement that touches `window` (microseconds of the run's clock).
    #[must_use]
    pub fn longest_gap(&self, window: &RangeInclusive<u64>) -> Option<Gap> {
        gap::longest(&self.times(|entry| entry.ack_us), window)
    }

    /// The longest time without a write that was acknowledged later, as above: the write pause.
    #[must_use]
    pub fn longest_pause(&self, window: &RangeInclusive<u64>) -> Option<Gap> {
        gap::longest(&self.times(|entry| entry.written_us), window)
    }

    /// Everything so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let longest = self.longest_gap(&(0..=u64::MAX));
        let inner = self.lock();
        let end_us = inner.ended_us.iter().copied().max().unwrap_or_default();
        let seconds = super::percentile::millis(end_us) / 1000.0;
        let total = inner.ended_us.len() as u64;
        Summary {
            total,
            acknowledged: inner.entries.len() as u64,
            failed: inner.reasons.values().sum(),
            reasons: inner.reasons.clone(),
            failures: inner.failures.clone(),
            latency: summarise(inner.latency_us.clone()),
            seconds,
            rate: rate(total, seconds),
            rate_lowest: lowest(&inner.ended_us, end_us),
            longest,
            companies: inner.companies,
        }
    }

    fn times(&self, of: impl Fn(&Entry) -> u64) -> Vec<u64> {
        self.lock().entries.iter().map(of).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere can't leave the book half written: every change is one push.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// One company must have one id, however it was spelled.
    fn company(&mut self, entry: &Entry) {
        self.companies.named += u64::from(entry.company.is_some());
        match (&entry.company, entry.company_id) {
            (Some(key), Some(id)) => {
                let first = *self.known.entry(key.clone()).or_insert(id);
                self.companies.contradicting += u64::from(first != id);
            }
            (Some(_), None) => self.companies.pending += 1,
            (None, Some(_)) => self.companies.contradicting += 1,
            (None, None) => {}
        }
    }
}

#[allow(clippy::cast_precision_loss)] // request counts stay far below 2^53
fn rate(total: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { total as f64 / seconds } else { 0.0 }
}

/// A mean hides a dip; the weakest span shows it.
#[allow(clippy::cast_precision_loss)]
fn lowest(ended_us: &[u64], end_us: u64) -> Option<f64> {
    let spans = usize::try_from(end_us / SPAN_US).unwrap_or_default();
    let mut counts = vec![0_u64; spans];
    for ended in ended_us {
        let span = usize::try_from(ended / SPAN_US).unwrap_or(usize::MAX);
        if let Some(count) = counts.get_mut(span) {
            *count += 1;
        }
    }
    counts.into_iter().min().map(|count| count as f64 * 1e6 / SPAN_US as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn entry(book: &Book, n: u64, due_us: u64, ack_us: u64) -> Entry {
        Entry {
            n,
            path: "/x".into(),
            row: Uuid::from_u128(u128::from(n)),
            email: format!("{n}@example.com"),
            canonical: format!("{n}@example.com"),
            email_address_id: Uuid::from_u128(1000 + u128::from(n)),
            company: None,
            company_id: None,
            due_us,
            sent_us: due_us,
            written_us: ack_us - ack_us / 10,
            ack_us,
            ack_at: book.clock.wall(ack_us),
        }
    }

    fn failure(book: &Book, n: u64, end_us: u64) -> Failure {
        Failure { n, path: "/x".into(), reason: "timeout".into(), sent_us: 0, end_us, end_at: book.clock.wall(end_us) }
    }

    #[test]
    fn a_summary_adds_up() {
        let book = Book::new(Clock::start(), None);
        book.acknowledged(entry(&book, 0, 0, 2_000));
        book.acknowledged(entry(&book, 1, 4_000, 1_000_000));
        book.failed(failure(&book, 2, 2_000_000), 8_000);
        let summary = book.summary();
        assert_eq!((summary.total, summary.acknowledged, summary.failed), (3, 2, 1));
        assert_eq!(summary.reasons.get("timeout"), Some(&1));
        assert!((summary.seconds - 2.0).abs() < 1e-9 && (summary.rate - 1.5).abs() < 1e-9);
        assert_eq!(summary.longest.map(|g| g.micros()), Some(998_000));
        assert_eq!(book.longest_pause(&(0..=u64::MAX)).map(|g| g.micros()), Some(898_200));
        assert!((summary.latency.unwrap().max_ms - 1992.0).abs() < 1e-9);
        assert_eq!(book.entries(1, 10).len(), 1);
    }

    #[test]
    fn a_company_with_two_ids_is_found() {
        let book = Book::new(Clock::start(), None);
        for (n, company, id) in [
            (0, Some("acme"), Some(1)),
            (1, Some("acme"), Some(1)),
            (2, Some("acme"), Some(2)),
            (3, Some("other"), None),
            (4, Some("other"), Some(3)),
            (5, None, Some(1)),
            (6, None, None),
        ] {
            let (company, company_id) = (company.map(str::to_owned), id.map(Uuid::from_u128));
            book.acknowledged(Entry { company, company_id, ..entry(&book, n, 0, 1) });
        }
        assert_eq!(book.summary().companies, Companies { named: 5, pending: 1, contradicting: 2 });
    }

    #[test]
    fn an_empty_book_has_no_figures() {
        let summary = Book::new(Clock::start(), None).summary();
        assert_eq!((summary.total, summary.latency, summary.longest), (0, None, None));
        assert!(summary.rate.abs() < f64::EPSILON);
    }

    #[test]
    fn the_weakest_span_counts_whole_spans_only() {
        let ended: Vec<u64> = (0..100).map(|i| i * 100_000).chain([12_000_000, 19_000_000, 21_000_000]).collect();
        assert_eq!(lowest(&ended, 21_000_000), Some(0.2));
        assert_eq!(lowest(&ended, 9_999_999), None);
    }

    #[tokio::test]
    async fn the_file_holds_what_the_book_holds() {
        let dir = std::env::temp_dir().join(format!("rerp-ledger-{}", Uuid::new_v4()));
        std::fs::create_dir_all(&dir).unwrap();
        let (sender, writer) = super::super::file::open(&dir, "r1").await.unwrap();
        let book = Book::new(Clock::start(), Some(sender));
        for n in 0..100 {
            book.acknowledged(entry(&book, n, n, n + 5));
        }
        book.close();
        writer.await.unwrap();
        let text = std::fs::read_to_string(dir.join("ledger-r1.ndjson")).unwrap();
        let read: Vec<Entry> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(read, book.entries(0, 1000));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
