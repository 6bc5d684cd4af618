//! The numbers of requests. In: what was asked and what was answered. Out: what Prometheus reads. Where most requests count is looked up once for
//! each route. Unknown paths share one label, and so do those of sites: their number is the caller's choice.

use std::sync::OnceLock;
use std::time::Duration;

use hyper::StatusCode;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge};
use rerp_kit::metrics::Metrics;

use crate::answer::Seen;
use crate::table::TABLE;

/// See the file's header.
#[derive(Debug)]
pub struct Numbers {
    requests: IntCounterVec,
    seconds: HistogramVec,
    in_flight: IntGauge,
    /// By a row's place in the table.
    rows: Vec<OfRow>,
}

/// A row's own method, and that it went well.
#[derive(Debug, Default)]
struct OfRow {
    fine: OnceLock<IntCounter>,
    seconds: OnceLock<Histogram>,
}

impl Numbers {
    /// Counts in these.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Self {
        Self {
            requests: metrics.requests.clone(),
            seconds: metrics.request_seconds.clone(),
            in_flight: metrics.in_flight.clone(),
            rows: TABLE.iter().map(|_| OfRow::default()).collect(),
        }
    }

    pub(crate) fn began(&self) {
        self.in_flight.inc();
    }

    pub(crate) fn ended(&self) {
        self.in_flight.dec();
    }

    pub(crate) fn answered(&self, method: &'static str, seen: &Seen, status: StatusCode, took: Duration) {
        let route = seen.route();
        let seconds = || self.seconds.with_label_values(&[method, route]);
        let requests = || self.requests.with_label_values(&[method, route, status.as_str()]);
        let row = seen.row.filter(|row| row.verb.name() == method).and_then(|row| self.rows.get(row.at));
        let Some(row) = row else {
            seconds().observe(took.as_secs_f64());
            return requests().inc();
        };
        row.seconds.get_or_init(seconds).observe(took.as_secs_f64());
        if status == StatusCode::OK { row.fine.get_or_init(requests).inc() } else { requests().inc() }
    }
}
