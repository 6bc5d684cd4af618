//! All scenarios, in memory. In: setups and names. Out: scenarios. Bounded: what has not been touched for a while gives way when
//! room is needed. Must not outlive the process: this is a stand-in, its callers keep what they need.

use super::action::Refusal;
use super::{Scenario, Setup};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Most scenarios at the same time.
pub const MOST_SCENARIOS: usize = 500;
/// How long an untouched scenario is safe from those that need room.
pub const IDLE: Duration = Duration::from_secs(3_600);

/// A scenario and when it was last asked for.
#[derive(Debug)]
struct Place {
    scenario: Arc<Mutex<Scenario>>,
    touched: Instant,
}

/// Where they are kept.
#[derive(Debug, Default)]
pub struct Shelf {
    places: Mutex<HashMap<Uuid, Place>>,
}

impl Shelf {
    /// Begins a scenario.
    ///
    /// # Errors
    /// As [`Scenario::begin`], or there is no room.
    pub fn begin(&self, setup: &Setup, now: Instant) -> Result<(Uuid, Arc<Mutex<Scenario>>), Refusal> {
        let scenario = Arc::new(Mutex::new(Scenario::begin(setup)?));
        let id = Uuid::now_v7();
        // A scenario is whole whenever its lock is released, so one that was poisoned by a panic elsewhere can be used.
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST_SCENARIOS {
            places.retain(|_, place| now.saturating_duration_since(place.touched) < IDLE);
        }
        if places.len() >= MOST_SCENARIOS {
            return Err(Refusal::ShelfFull);
        }
        places.insert(id, Place { scenario: Arc::clone(&scenario), touched: now });
        Ok((id, scenario))
    }

    /// The scenario of this name.
    #[must_use]
    pub fn find(&self, id: Uuid, now: Instant) -> Option<Arc<Mutex<Scenario>>> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.get_mut(&id)?;
        place.touched = now;
        Some(Arc::clone(&place.scenario))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use crate::trading::ledger::row::Fees;
    use crate::trading::ledger::units::Money;

    #[test]
    fn only_the_untouched_give_way() {
        let (shelf, start) = (Shelf::default(), Instant::now());
        let setup = Setup { seed: 1, kind: Kind::Backtest, bars: 40, cash: Money(1), fees: Fees::default() };
        let first = shelf.begin(&setup, start).unwrap().0;
        let second = shelf.begin(&setup, start).unwrap().0;
        (2..MOST_SCENARIOS).for_each(|_| drop(shelf.begin(&setup, start + IDLE).unwrap()));
        assert!(shelf.find(first, start + IDLE / 2).is_some());
        assert_eq!(shelf.begin(&setup, start + IDLE / 2).unwrap_err(), Refusal::ShelfFull);
        assert!(shelf.begin(&setup, start + IDLE).is_ok());
        assert!(shelf.find(first, start + IDLE).is_some());
        assert!(shelf.find(second, start + IDLE).is_none());
    }
}
