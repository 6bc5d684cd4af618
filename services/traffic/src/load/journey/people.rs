//! Whose journeys they are. In: seed and size of the data set, the run's own seed. Out: its verified people, each once. Pure but for the count.

use crate::generate::rng::Rng;
use crate::seed::plan::Counts;
use crate::seed::rows::Rows;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// The people of a data set in the order of a run. Shared by workers.
#[derive(Debug)]
pub struct People {
    rows: Rows,
    first: u64,
    next: Mutex<Next>,
}

#[derive(Debug, Default)]
struct Next {
    journey: u64,
    /// Names that were looked at.
    seen: u64,
}

impl People {
    /// The people of `rows` rows under `seed`, from a place on that `run_seed` draws.
    #[must_use]
    pub fn of(seed: u64, rows: u64, run_seed: u64) -> Self {
        let rows = Rows { seed, counts: Counts::of(rows) };
        let first = Rng::of(run_seed, "journeys", 0).below(rows.counts.names);
        Self { rows, first, next: Mutex::default() }
    }

    /// The same people from where these have come to: whoever has had a journey has had a trial too, and another one would have to pay.
    #[must_use]
    pub fn rest(&self) -> Self {
        let seen = self.next.lock().unwrap_or_else(PoisonError::into_inner).seen;
        Self { rows: self.rows, first: self.first + seen, next: Mutex::default() }
    }

    /// Whether these are people of that data set.
    #[must_use]
    pub fn are_of(&self, seed: u64, rows: u64) -> bool {
        self.rows.seed == seed && self.rows.counts == Counts::of(rows)
    }

    /// Whether the data set has nobody who is verified.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !(0..self.rows.counts.names).any(|seen| self.verified(seen).is_some())
    }

    /// Number of the next journey and the `human_name_id` of its person; `None` once everybody has had one.
    pub fn next(&self) -> Option<(u64, Uuid)> {
        // A panic elsewhere can't leave it half changed. One lock for both, so that a journey's number says whose it is.
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        while next.seen < self.rows.counts.names {
            let person = self.verified(next.seen);
            next.seen += 1;
            if let Some(person) = person {
                let journey = next.journey;
                next.journey += 1;
                return Some((journey, person));
            }
        }
        None
    }

    /// The `seen`th person from the first one on, if both of its contacts are verified: only then is there a trial, and a test to take.
    fn verified(&self, seen: u64) -> Option<Uuid> {
        let tracking = self.rows.tracking((self.first + seen) % self.rows.counts.names.max(1));
        let both = tracking.email_verified_at.is_some() && tracking.phone_verified_at.is_some();
        both.then_some(tracking.human_name_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn all(people: &People) -> Vec<Uuid> {
        let journeys: Vec<(u64, Uuid)> = std::iter::from_fn(|| people.next()).collect();
        assert!(journeys.iter().enumerate().all(|(n, (journey, _))| *journey == n as u64));
        journeys.into_iter().map(|(_, person)| person).collect()
    }

    #[test]
    fn everybody_who_is_verified_comes_once() {
        let people = People::of(42, 8_000, 9);
        let rows = people.rows;
        let chosen = all(&people);
        let distinct: HashSet<Uuid> = chosen.iter().copied().collect();
        let verified: HashSet<Uuid> = (0..rows.counts.names)
            .map(|i| rows.tracking(i))
            .filter(|t| t.email_verified_at.is_some() && t.phone_verified_at.is_some())
            .map(|t| t.human_name_id)
            .collect();
        assert_eq!((chosen.len(), distinct), (verified.len(), verified));
        assert!(people.next().is_none() && !people.is_empty());
    }

    #[test]
    fn the_same_run_chooses_the_same_people_and_another_begins_elsewhere() {
        let (a, b, other) = (People::of(42, 8_000, 9), People::of(42, 8_000, 9), People::of(42, 8_000, 10));
        let (a, b, other) = (all(&a), all(&b), all(&other));
        assert_eq!(a, b);
        assert_ne!(a[0], other[0]);
    }

    #[test]
    fn the_next_run_begins_with_whoever_has_had_no_journey() {
        let people = People::of(42, 8_000, 9);
        let first: Vec<Uuid> = std::iter::from_fn(|| people.next()).take(5).map(|(_, person)| person).collect();
        let rest = all(&people.rest());
        assert!(people.are_of(42, 8_000) && !people.are_of(42, 9_000) && !people.are_of(43, 8_000));
        assert_eq!(rest[rest.len() - 5..], first[..]);
    }

    #[test]
    fn nobody_travels_where_nobody_was_seeded() {
        let people = People::of(1, 1, 1);
        assert!(people.is_empty() && people.next().is_none());
    }
}
