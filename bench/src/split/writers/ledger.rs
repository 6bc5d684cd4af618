//! What was acknowledged, kept outside of the databases. In: a moment for each transaction. Out: pauses, times and rates between two moments.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::stats::percentile;

/// An acknowledged transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ack {
    /// When it was sent, or should have been.
    pub(crate) begun: Instant,
    /// When its acknowledgement came.
    pub(crate) acked: Instant,
}

/// See the file's header.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Vec<Ack>>);

/// What a time was like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Felt {
    pub(crate) per_second: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// The longest time of one transaction, in milliseconds.
    pub(crate) longest: f64,
    /// The longest time in which nothing was acknowledged to anybody, in milliseconds.
    pub(crate) gap: f64,
}

impl Ledger {
    /// Takes one more.
    pub(crate) fn note(&self, ack: Ack) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(ack);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What came between two moments; none if nothing did.
    pub(crate) fn felt(&self, from: Instant, to: Instant) -> Option<Felt> {
        let acks = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        felt(&acks, from, to)
    }
}

fn felt(acks: &[Ack], from: Instant, to: Instant) -> Option<Felt> {
    let within: Vec<&Ack> = acks.iter().filter(|ack| (from..=to).contains(&ack.acked)).collect();
    let mut times: Vec<u64> =
        within.iter().map(|ack| ack.acked.saturating_duration_since(ack.begun).as_micros() as u64).collect();
    let mut moments: Vec<Instant> = within.iter().map(|ack| ack.acked).chain([from, to]).collect();
    moments.sort();
    let gaps = moments.iter().zip(moments.iter().skip(1)).map(|(before, after)| after.duration_since(*before));
    Some(Felt {
        per_second: times.len() as f64 / to.duration_since(from).as_secs_f64().max(f64::EPSILON),
        gap: milliseconds(gaps.max()?),
        p50: percentile(&mut times, 500)? as f64 / 1e3,
        p99: percentile(&mut times, 990)? as f64 / 1e3,
        longest: *times.last()? as f64 / 1e3,
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_felt_by_who_waited_and_seen_between_answers() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let ack = |begun, acked| Ack { begun: at(begun), acked: at(acked) };
        // Two writers; one waits from 20 to 80, and nobody is answered between 25 and 80.
        let acks = [ack(0, 10), ack(10, 25), ack(20, 80), ack(85, 90), ack(90, 500)];
        let felt = felt(&acks, start, at(100)).unwrap();
        assert_eq!((felt.gap, felt.longest, felt.per_second.round()), (55.0, 60.0, 40.0));
        assert_eq!((felt.p50, felt.p99), (10.0, 60.0));
        assert_eq!(super::felt(&acks, at(600), at(700)), None);
    }
}
