//! Latency figures. In: latencies in microseconds. Out: percentiles by nearest rank: always a latency that really occurred.

use serde::Serialize;

/// Latencies of a run in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// Half of the requests were at least this fast.
    pub p50_ms: f64,
    /// 99 of 100 were.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// Sorts `micros` and summarises them; `None` when there are none.
#[must_use]
pub fn summarise(mut micros: Vec<u64>) -> Option<Latency> {
    micros.sort_unstable();
    Some(Latency {
        p50_ms: millis(nearest_rank(&micros, 50)?),
        p99_ms: millis(nearest_rank(&micros, 99)?),
        max_ms: millis(*micros.last()?),
    })
}

/// The smallest value that at least `percent` of the sorted values do not exceed; `None` when there are none.
#[must_use]
pub fn nearest_rank(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Microseconds as milliseconds.
#[must_use]
#[allow(clippy::cast_precision_loss)] // exact below 2^53 µs = 285 years
pub fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank_by_the_book() {
        let values: Vec<u64> = (1..=200).collect();
        assert_eq!(nearest_rank(&values, 50), Some(100));
        assert_eq!(nearest_rank(&values, 99), Some(198));
        assert_eq!(nearest_rank(&values, 100), Some(200));
        assert_eq!(nearest_rank(&[7], 1), Some(7));
        assert_eq!(nearest_rank(&[], 50), None);
    }

    #[test]
    fn summary_sorts_first() {
        let latency = summarise(vec![9_000, 1_000, 5_500]).unwrap();
        assert_eq!(latency, Latency { p50_ms: 5.5, p99_ms: 9.0, max_ms: 9.0 });
        assert_eq!(summarise(Vec::new()), None);
    }
}
