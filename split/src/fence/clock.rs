//! The only clock of the fence: what writers wait for, and when to give up.
//!
//! In: moments at which statements are sent and answered. Out: the figures of the report, the limits.

use super::config::CutoverReport;
use super::stmt::{Event, Stmt};
use jiff::Timestamp;
use std::time::{Duration, Instant};

pub(super) struct Clock {
    begun: Instant,
    /// When the lock of this attempt was asked for: writers queue behind it from then on.
    asked: Option<Instant>,
    pub(super) attempts: u32,
    pub(super) lock: Duration,
    pub(super) drain: Duration,
    pub(super) sequence: Duration,
    pub(super) pause: Duration,
    /// The longest that any attempt has kept writers waiting.
    pub(super) longest: Duration,
    /// How long the present question has been asked again and again.
    waiting: Option<Instant>,
    rests: u32,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            begun: Instant::now(),
            asked: None,
            attempts: 0,
            lock: Duration::ZERO,
            drain: Duration::ZERO,
            sequence: Duration::ZERO,
            pause: Duration::ZERO,
            longest: Duration::ZERO,
            waiting: None,
            rests: 0,
        }
    }

    /// Time since the cutover began.
    pub(super) fn spent(&self) -> Duration {
        self.begun.elapsed()
    }

    /// How long writers have been kept waiting by this attempt.
    pub(super) fn blocked(&self) -> Duration {
        self.asked.map_or(Duration::ZERO, |asked| asked.elapsed())
    }

    /// A statement is about to be sent.
    pub(super) fn sending(&mut self, stmt: &Stmt) {
        if *stmt == Stmt::F3Lock {
            self.asked = Some(Instant::now());
            self.attempts += 1;
            (self.lock, self.drain, self.sequence) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        }
    }

    /// Its answer has come.
    pub(super) fn answered(&mut self, stmt: &Stmt, event: &Event, took: Duration) {
        if matches!((stmt, event), (Stmt::F9Open(_), Event::Yes) | (Stmt::F3Unlock | Stmt::Retreat, _)) {
            self.longest = self.longest.max(self.blocked());
        }
        match (stmt, event) {
            (Stmt::F3Lock, Event::Done) => self.lock = took,
            (Stmt::F4Check | Stmt::F5Token | Stmt::F5Look(_) | Stmt::F7Flush { .. }, _) => self.drain += took,
            (Stmt::F6Read | Stmt::F6Set(_), _) => self.sequence += took,
            // Until the locks are granted, transactions that hold others of these tables go on and are acknowledged.
            (Stmt::F9Open(_), Event::Yes) => self.pause = self.blocked().saturating_sub(self.lock),
            (Stmt::F3Unlock | Stmt::Retreat, _) => self.asked = None,
            _ => {}
        }
    }

    /// What the cutover came to. If an earlier worker closed the source (not `here`), its times are not known.
    pub(super) fn report(&self, epoch: i64, at: Timestamp, here: bool) -> CutoverReport {
        let if_here = |duration| if here { ms(duration) } else { 0.0 };
        CutoverReport {
            epoch,
            attempts: if here { self.attempts } else { 0 },
            write_pause_ms: if_here(self.pause),
            lock_wait_ms: if_here(self.lock),
            longest_wait_ms: if_here(self.longest),
            drain_ms: if_here(self.drain),
            sequence_ms: if_here(self.sequence),
            at,
            recovered: !here,
        }
    }

    /// For how long the same question has been asked; the first call starts counting.
    pub(super) fn waited(&mut self) -> Duration {
        self.waiting.get_or_insert_with(Instant::now).elapsed()
    }

    /// The question has been answered.
    pub(super) fn stop_waiting(&mut self) {
        self.waiting = None;
    }

    /// The next pause between two attempts: doubles from 50 ms to 2 s, and starts small again after the source closed.
    pub(super) fn rest(&mut self, past_closing: bool) -> Duration {
        let longest = if past_closing { Duration::from_millis(250) } else { Duration::from_secs(2) };
        self.rests += 1;
        back_off(self.rests, longest)
    }
}

/// In milliseconds, to a tenth: as far as a person reads, and finer than what is measured.
pub(super) fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

/// 50 ms, doubled with each try, at most `longest`.
pub(super) fn back_off(tries: u32, longest: Duration) -> Duration {
    let doubled = Duration::from_millis(25).saturating_mul(1_u32.checked_shl(tries.min(16)).unwrap_or(u32::MAX));
    doubled.min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_off_doubles_up_to_its_limit() {
        let limit = Duration::from_secs(1);
        let waits: Vec<u128> = (1..8).map(|tries| back_off(tries, limit).as_millis()).collect();
        assert_eq!(waits, [50, 100, 200, 400, 800, 1000, 1000]);
        assert_eq!(back_off(u32::MAX, limit), limit);
    }

    #[test]
    fn an_attempt_that_is_given_up_has_kept_writers_waiting_too() {
        let mut clock = Clock::start();
        clock.sending(&Stmt::F3Lock);
        clock.answered(&Stmt::F3Lock, &Event::LockTimeout, Duration::ZERO);
        assert_eq!(clock.longest, Duration::ZERO);
        clock.answered(&Stmt::F3Unlock, &Event::Done, Duration::ZERO);
        let given_up = clock.longest;
        assert!(given_up > Duration::ZERO && clock.blocked().is_zero());
        clock.answered(&Stmt::Retreat, &Event::Done, Duration::ZERO);
        assert_eq!(clock.longest, given_up, "nobody was waiting any more");
    }
}
