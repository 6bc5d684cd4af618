//! How a subscription may come to an end. In come wishes and what is there; out goes what has to be done about them. Pure.
//! Source of what Stripe takes in which state: <https://docs.stripe.com/billing/subscriptions/cancel> and `…/overview`, read in November 2026.

use super::subscription::Status;

/// What is wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It goes on, also if it was to end.
    Stays,
    /// It ends with the period that is paid for, or with the trial.
    AtPeriodEnd,
    /// It ends at once. Nothing is paid back.
    Now,
}

/// What a wish comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Stripe is asked.
    Ask,
    /// It is so already.
    AsItIs,
    /// It has ended, for good.
    Ended,
    /// Stripe hasn't answered yet that there is one.
    NotThereYet,
    /// There is no period that is paid for, which it could end with.
    Unpaid,
}

impl Ending {
    /// Every wish.
    pub const ALL: [Self; 3] = [Self::Stays, Self::AtPeriodEnd, Self::Now];

    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stays => "stays",
            Self::AtPeriodEnd => "at_period_end",
            Self::Now => "now",
        }
    }

    /// The wish of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.name() == name)
    }

    /// What it comes to for a subscription in this state (none: Stripe hasn't answered), `ends` if it ends with its period already.
    #[must_use]
    pub fn judged(self, status: Option<Status>, ends: bool) -> Verdict {
        let Some(status) = status else { return Verdict::NotThereYet };
        if status.is_final() {
            return Verdict::Ended;
        }
        if self == Self::Now {
            return Verdict::Ask;
        }
        match (ends == (self == Self::AtPeriodEnd), status) {
            (true, _) => Verdict::AsItIs,
            (false, Status::Incomplete) => Verdict::Unpaid,
            (false, _) => Verdict::Ask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wish_has_one_name() {
        for ending in Ending::ALL {
            assert_eq!(Ending::parse(ending.name()), Some(ending));
        }
        assert_eq!(Ending::parse("later"), None);
    }

    #[test]
    fn what_has_ended_stays_so_and_what_lives_may_end() {
        for ending in Ending::ALL {
            assert_eq!(ending.judged(None, false), Verdict::NotThereYet);
            for status in [Status::Canceled, Status::IncompleteExpired] {
                assert_eq!(ending.judged(Some(status), true), Verdict::Ended);
            }
        }
        for status in [Status::Trialing, Status::Active, Status::PastDue, Status::Unpaid, Status::Paused] {
            let judged = |ending: Ending, ends| ending.judged(Some(status), ends);
            assert_eq!(judged(Ending::AtPeriodEnd, false), Verdict::Ask);
            assert_eq!(judged(Ending::AtPeriodEnd, true), Verdict::AsItIs);
            assert_eq!(judged(Ending::Stays, true), Verdict::Ask);
            assert_eq!(judged(Ending::Stays, false), Verdict::AsItIs);
            assert_eq!((judged(Ending::Now, false), judged(Ending::Now, true)), (Verdict::Ask, Verdict::Ask));
        }
        let unpaid = |ending: Ending| ending.judged(Some(Status::Incomplete), false);
        assert_eq!((unpaid(Ending::AtPeriodEnd), unpaid(Ending::Now)), (Verdict::Unpaid, Verdict::Ask));
        assert_eq!(unpaid(Ending::Stays), Verdict::AsItIs);
    }
}
