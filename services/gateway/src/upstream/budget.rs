//! How many calls may be repeated. In: calls and wishes to repeat. Out: yes or no. Lock-free.
//!
//! A service that is slow because it has too much to do gets more to do by every repetition. So they are at most a fifth of the calls,
//! and a small reserve for when there are few calls.

use std::sync::atomic::{AtomicU32, Ordering};

/// Calls that pay for one repetition.
const PRICE: u32 = 5;
/// Repetitions that may be had before any call has paid for them.
const RESERVE: u32 = 3;
/// Repetitions that can be saved up: calm hours don't pay for a storm.
const MOST: u32 = 100;

/// See the file's header.
#[derive(Debug)]
pub struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(RESERVE * PRICE))
    }
}

impl Budget {
    /// A call was made.
    pub fn earn(&self) {
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| (saved < MOST * PRICE).then_some(saved + 1));
    }

    /// Whether a call may be repeated; it is paid for then.
    pub fn spend(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| saved.checked_sub(PRICE)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_a_fifth_beyond_the_reserve() {
        let budget = Budget::default();
        let mut repeated = 0;
        for calls in 1..=10_000_u32 {
            budget.earn();
            while budget.spend() {
                repeated += 1;
            }
            assert!(repeated <= calls / PRICE + RESERVE, "{repeated} of {calls}");
        }
        assert!(repeated >= 10_000 / PRICE);
    }

    #[test]
    fn calm_hours_do_not_pay_for_a_storm() {
        let budget = Budget::default();
        for _ in 0..1_000_000 {
            budget.earn();
        }
        let repeated = (0..).take_while(|_| budget.spend()).count();
        assert_eq!(repeated, MOST as usize);
    }
}
