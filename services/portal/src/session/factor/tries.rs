//! How often a code may be wrong. In: whose it is, and the time. Out: whether another one is looked at. In memory, of this pod alone, and bounded.
//!
//! Counted is before a code is looked at, and what wasn't wrong is given back: so no two at once slip through. A count that a browser kept wouldn't help, for an
//! older cookie can be shown again. What holds in all pods is that the session at Supabase is ended when too many were wrong.

use std::time::{Duration, Instant};

use rerp_kit::bounded::Bounded;
use rerp_kit::problem::Problem;
use uuid::Uuid;

use super::super::rate::{Quota, Rates};
use super::pending::Whose;

/// Wrong codes after which it has to begin again.
const WRONG: u32 = 5;
/// Those that are known at the same time. Only whoever has shown a password gets here.
const KNOWN: usize = 20_000;
/// Wrong codes of one person, however often they begin again: ten at once, and then one every six minutes. Of a million codes three are right.
const PERSON: Quota = Quota { count: 10, window: Duration::from_secs(60 * 60) };

/// Why a code isn't looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Too many were wrong: it begins again.
    Over,
    /// Too many of this person's were: it has to wait.
    Wait(Problem),
}

/// What was wrong lately.
#[derive(Debug)]
pub(super) struct Tries {
    sessions: Bounded<Uuid, u32>,
    people: Rates<Uuid>,
}

impl Default for Tries {
    fn default() -> Self {
        Self { sessions: Bounded::new(KNOWN), people: Rates::default() }
    }
}

impl Tries {
    /// Counts one that is about to be looked at.
    ///
    /// # Errors
    /// It is one too many.
    pub(super) fn take(&self, whose: Whose, now: Instant) -> Result<(), Stop> {
        let one_more = |count: &mut u32| {
            *count = (*count + 1).min(WRONG + 1);
            *count <= WRONG
        };
        if !self.sessions.with(&whose.session, || 0, one_more) {
            return Err(Stop::Over);
        }
        self.people.take(&whose.person, PERSON, now).map_err(|problem| {
            self.less(whose.session);
            Stop::Wait(problem)
        })
    }

    /// It wasn't wrong: it was right, or nobody knows.
    pub(super) fn give_back(&self, whose: Whose, now: Instant) {
        self.less(whose.session);
        self.people.give_back(&whose.person, PERSON, now);
    }

    /// Whether no further one is looked at.
    pub(super) fn is_over(&self, whose: Whose) -> bool {
        self.sessions.get(&whose.session).is_some_and(|count| count >= WRONG)
    }

    fn less(&self, session: Uuid) {
        self.sessions.with(&session, || 0, |count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose(person: u128, session: u128) -> Whose {
        Whose { person: Uuid::from_u128(person), session: Uuid::from_u128(session) }
    }

    #[test]
    fn five_are_wrong_and_it_is_over_for_good() {
        let (tries, now) = (Tries::default(), Instant::now());
        for _ in 0..20 {
            tries.take(whose(1, 1), now).unwrap();
            tries.give_back(whose(1, 1), now);
        }
        for left in (0..5).rev() {
            assert!(!tries.is_over(whose(1, 1)));
            tries.take(whose(1, 1), now).unwrap();
            assert_eq!(tries.is_over(whose(1, 1)), left == 0);
        }
        for _ in 0..3 {
            assert_eq!(tries.take(whose(1, 1), now + Duration::from_secs(36_000)), Err(Stop::Over));
        }
        assert!(tries.take(whose(2, 2), now).is_ok(), "somebody else may");
    }

    #[test]
    fn who_begins_again_and_again_waits() {
        let (tries, now) = (Tries::default(), Instant::now());
        let after = |minutes: u64| now + Duration::from_secs(minutes * 60);
        let wrong = (0..100).filter(|session| tries.take(whose(1, *session), now).is_ok()).count();
        assert_eq!(wrong, 10);
        assert!(matches!(tries.take(whose(1, 99), after(5)), Err(Stop::Wait(_))));
        assert!(tries.take(whose(1, 99), after(6)).is_ok() && tries.take(whose(1, 99), after(6)).is_err());
        assert!(!tries.is_over(whose(1, 99)), "what had to wait wasn't wrong");
        assert!(tries.take(whose(2, 100), now).is_ok());
    }
}
