//! When a loop looks at its whole table again: now and then, whatever else it does. Must not look itself.

use std::time::Duration;

use tokio::time::Instant;

use crate::pool::DbError;
use crate::telemetry::chain;

/// How often the whole table is looked at.
pub(super) const LOOK: Duration = Duration::from_secs(10);

/// How many rows one sweep deletes, as its SQL says: few enough to be in nobody's way.
pub(super) const SWEPT: u64 = 1000;

/// How many sweeps there are at a look, as long as they are full: 2,000 rows a second in each pod.
pub(super) const SWEEPS: u32 = 20;

/// How far back a claim looks. Near the low end of an index lie the entries of what is done, for as long as something (a copy of the database, for a
/// move) keeps them from being cleaned up, and a claim that begins there walks through all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// At what became due in the last ten seconds.
    Near,
    /// At everything.
    Far,
}

impl Reach {
    /// In words of the database.
    pub(super) fn interval(self) -> &'static str {
        match self {
            Self::Near => "10 seconds",
            Self::Far => "100 years",
        }
    }
}

/// Which reach comes next: far at each look, and as long as that finds something old.
#[derive(Debug, Default)]
pub(super) struct Reaches {
    found_old: bool,
}

impl Reaches {
    pub(super) fn next(&self, looks: bool) -> Reach {
        if looks || self.found_old { Reach::Far } else { Reach::Near }
    }

    /// Whether the claim found something that is older than the near reach.
    pub(super) fn found(&mut self, old: bool) {
        self.found_old = old;
    }
}

/// When somebody last looked.
#[derive(Debug, Default)]
pub(super) struct Looks(Option<Instant>);

impl Looks {
    /// Whether it is time; who asks looks.
    pub(super) fn are_due(&mut self) -> bool {
        let due = self.0.is_none_or(|at| at.elapsed() > LOOK);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }

    /// A look that failed costs a number in the metrics, nothing else.
    pub(super) fn failed(error: &DbError) {
        tracing::debug!(error = chain(error), "nobody knows how many events wait");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_reaches_far_at_a_look_and_while_that_finds_what_is_old() {
        let mut reaches = Reaches::default();
        assert_eq!((reaches.next(false), reaches.next(true)), (Reach::Near, Reach::Far));
        reaches.found(true);
        assert_eq!(reaches.next(false), Reach::Far);
        reaches.found(false);
        assert_eq!(reaches.next(false), Reach::Near);
    }
}
