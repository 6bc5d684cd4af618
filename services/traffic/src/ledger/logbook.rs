//! The ledger of journeys, in memory. In: what each of their requests came to. Out: lines by range, and figures of the whole run.
//!
//! Beside the forms' book, which a journey must not touch: rate, latency and gaps are those of a stream in which each request writes to identity.

use super::entry::Failure;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Failures kept in full; beyond it they are only counted.
const FAILURES_KEPT: usize = 200;

/// A write of a journey that the platform acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    /// Number of the journey within its run, from 0.
    pub n: u64,
    /// Path that was posted to, with `{id}` for the session in it.
    pub path: String,
    /// Id of the account, the subscription or the session as answered.
    pub row: Uuid,
    /// Identity's id of the person.
    pub person: Uuid,
    /// State of the row as answered; none where the answer has none.
    pub status: Option<String>,
    /// When its answer had been read to the end.
    pub ack_at: Timestamp,
}

/// How a journey ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every step was acknowledged, and everything shown that had been.
    Completed,
    /// A step was not acknowledged.
    Failed(Failure),
    /// The answer on this path does not show what had been acknowledged.
    Contradicting(&'static str),
}

/// Journeys in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Journeys that began.
    pub started: u64,
    /// Of these: came to their end, and saw all that had been acknowledged.
    pub completed: u64,
    /// Requests of all of them that ended, well or not, reads among them.
    pub requests: u64,
    /// Journeys that ended with a request that failed: one each.
    pub failed: u64,
    /// Journeys that were shown something else than had been acknowledged.
    pub contradicting: u64,
}

/// What a report says of journeys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The figures.
    pub figures: Figures,
    /// Lines of the ledger: acknowledged writes.
    pub acknowledged: u64,
    /// Failures by reason.
    pub reasons: BTreeMap<String, u64>,
    /// The first failures in full.
    pub failures: Vec<Failure>,
}

/// All that the journeys of one run have come to so far. Shared by the workers.
#[derive(Debug, Default)]
pub struct Logbook(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    lines: Vec<Line>,
    figures: Figures,
    reasons: BTreeMap<String, u64>,
    failures: Vec<Failure>,
}

impl Logbook {
    /// A journey begins.
    pub fn started(&self) {
        self.lock().figures.started += 1;
    }

    /// A request of one has ended, however.
    pub fn requested(&self) {
        self.lock().figures.requests += 1;
    }

    /// Writes down an acknowledged write.
    pub fn wrote(&self, line: Line) {
        self.lock().lines.push(line);
    }

    /// A journey has ended.
    pub fn ended(&self, end: End) {
        let mut inner = self.lock();
        match end {
            End::Completed => inner.figures.completed += 1,
            End::Contradicting(_) => inner.figures.contradicting += 1,
            End::Failed(failure) => {
                inner.figures.failed += 1;
                *inner.reasons.entry(failure.reason.clone()).or_default() += 1;
                if inner.failures.len() < FAILURES_KEPT {
                    inner.failures.push(failure);
                }
            }
        }
    }

    /// Up to `limit` lines from position `from`, in the order they were acknowledged.
    #[must_use]
    pub fn lines(&self, from: usize, limit: usize) -> Vec<Line> {
        self.lock().lines.iter().skip(from).take(limit).cloned().collect()
    }

    /// Everything so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let inner = self.lock();
        Summary {
            figures: inner.figures,
            acknowledged: inner.lines.len() as u64,
            reasons: inner.reasons.clone(),
            failures: inner.failures.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere can't leave it half written: every change is one push or one count.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(reason: &str) -> End {
        let (path, reason, end_at) = ("/x".to_owned(), reason.to_owned(), Timestamp::UNIX_EPOCH);
        End::Failed(Failure { n: 0, path, reason, sent_us: 0, end_us: 1, end_at })
    }

    #[test]
    fn every_journey_ends_in_one_figure() {
        let log = Logbook::default();
        for end in [End::Completed, failure("fte: timeout"), failure("fte: timeout"), End::Contradicting("/x")] {
            log.started();
            log.requested();
            log.requested();
            log.ended(end);
        }
        let summary = log.summary();
        let figures = Figures { started: 4, completed: 1, requests: 8, failed: 2, contradicting: 1 };
        assert_eq!((summary.figures, summary.acknowledged), (figures, 0));
        assert_eq!((summary.reasons["fte: timeout"], summary.failures.len()), (2, 2));
    }

    #[test]
    fn lines_come_in_order_and_by_range() {
        let log = Logbook::default();
        let line = |n: u64| {
            let (row, person) = (Uuid::from_u128(n.into()), Uuid::nil());
            Line { n, path: "/x".into(), row, person, status: None, ack_at: Timestamp::UNIX_EPOCH }
        };
        for n in 0..5 {
            log.wrote(line(n));
        }
        assert_eq!(log.lines(3, 10), [line(3), line(4)]);
        let json = serde_json::to_value(line(1)).unwrap();
        let fields: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["ackAt", "n", "path", "person", "row", "status"]);
        assert_eq!(log.summary().acknowledged, 5);
    }
}
