//! Whether a service is worth calling. In: how calls ended, and the time. Out: call it, or don't until then. A state machine without a
//! clock, a lock or a socket of its own. Pure.
//!
//! | state | lets through | becomes |
//! |---|---|---|
//! | closed | everything | open, when too many of the calls of a span failed |
//! | open | nothing | half open, when its pause is over |
//! | half open | one call at a time | closed, when enough of them went well; open again, for twice as long, when one failed |

use std::time::{Duration, Instant};

/// When to give up, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls are counted for so long, then anew.
    pub span: Duration,
    /// Fewer calls than these tell nothing.
    pub least: u32,
    /// Failures of a hundred calls that are too many.
    pub percent: u32,
    /// First pause. It doubles up to `longest`.
    pub pause: Duration,
    /// Longest pause.
    pub longest: Duration,
    /// Calls in a row that have to go well before all are let through again.
    pub proofs: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            span: Duration::from_secs(10),
            least: 20,
            percent: 50,
            pause: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            proofs: 3,
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was answered, with whatever isn't the service's own failure.
    Good,
    /// It wasn't answered, or with a failure of the service.
    Bad,
    /// Nobody waited for the end: it says nothing about the service.
    Abandoned,
}

/// Goes with a call that was let through, and back with its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// Of the state that let it through: endings of an earlier state count no more.
    epoch: u64,
}

/// See the file's header.
#[derive(Debug)]
pub struct Breaker {
    limits: Limits,
    state: State,
    epoch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { since: Instant, calls: u32, failures: u32 },
    Open { until: Instant, pause: Duration },
    HalfOpen { trying: bool, good: u32, pause: Duration },
}

impl Breaker {
    /// A closed one.
    #[must_use]
    pub fn new(limits: Limits, now: Instant) -> Self {
        Self { limits, state: State::Closed { since: now, calls: 0, failures: 0 }, epoch: 0 }
    }

    /// Whether to call now.
    ///
    /// # Errors
    /// Not before this time is over; zero while somebody else is trying.
    pub fn admit(&mut self, now: Instant) -> Result<Ticket, Duration> {
        if let State::Open { until, pause } = self.state {
            if now < until {
                return Err(until.duration_since(now));
            }
            self.turn(State::HalfOpen { trying: false, good: 0, pause });
        }
        if let State::HalfOpen { trying, .. } = &mut self.state {
            if *trying {
                return Err(Duration::ZERO);
            }
            *trying = true;
        }
        Ok(Ticket { epoch: self.epoch })
    }

    /// Takes note of how a call ended.
    pub fn ended(&mut self, ticket: Ticket, ending: Ending, now: Instant) {
        if ticket.epoch != self.epoch {
            return;
        }
        match self.state {
            State::Closed { since, calls, failures } => self.count(since, calls, failures, ending, now),
            State::HalfOpen { good, pause, .. } => self.tried(good, pause, ending, now),
            State::Open { .. } => {}
        }
    }

    fn count(&mut self, since: Instant, calls: u32, failures: u32, ending: Ending, now: Instant) {
        let is_over = now.saturating_duration_since(since) >= self.limits.span;
        let (since, calls, failures) = if is_over { (now, 0, 0) } else { (since, calls, failures) };
        let (calls, failures) = match ending {
            Ending::Good => (calls.saturating_add(1), failures),
            Ending::Bad => (calls.saturating_add(1), failures.saturating_add(1)),
            Ending::Abandoned => (calls, failures),
        };
        let share = u64::from(failures) * 100;
        if ending == Ending::Bad
            && calls >= self.limits.least
            && share >= u64::from(calls) * u64::from(self.limits.percent)
        {
            self.open(self.limits.pause, now);
        } else {
            self.state = State::Closed { since, calls, failures };
        }
    }

    fn tried(&mut self, good: u32, pause: Duration, ending: Ending, now: Instant) {
        match ending {
            Ending::Bad => self.open((pause * 2).min(self.limits.longest), now),
            Ending::Good if good + 1 >= self.limits.proofs => {
                self.turn(State::Closed { since: now, calls: 0, failures: 0 });
            }
            Ending::Good => self.state = State::HalfOpen { trying: false, good: good + 1, pause },
            Ending::Abandoned => self.state = State::HalfOpen { trying: false, good, pause },
        }
    }

    fn open(&mut self, pause: Duration, now: Instant) {
        self.turn(State::Open { until: now + pause, pause });
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }

    /// For metrics: 0 closed, 1 half open, 2 open.
    #[must_use]
    pub fn level(&self) -> i64 {
        match self.state {
            State::Closed { .. } => 0,
            State::HalfOpen { .. } => 1,
            State::Open { .. } => 2,
        }
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
