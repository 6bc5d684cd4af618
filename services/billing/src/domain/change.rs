//! Whether a subscription may go to another price, and what that costs. In come what is there, what is wished, and what Stripe would invoice; out go verdicts and
//! sums. Pure. Amounts are in the smallest unit of their currency.

use jiff::SignedDuration;

use super::subscription::Status;

/// For how long Stripe is told a wish again of which it isn't known what came of it: nobody is charged much later for what they wanted once.
const TOLD_AGAIN: SignedDuration = SignedDuration::from_mins(60);
/// When it is over, and looked at for the last time: whoever told Stripe just before has heard of it by then.
const OVER: SignedDuration = SignedDuration::from_mins(65);

/// A subscription that somebody wants at another price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// None: Stripe hasn't answered yet that there is one.
    pub status: Option<Status>,
    /// It is to end with its period.
    pub ends: bool,
    /// Something was wished of which it isn't known yet what came of it.
    pub busy: bool,
    /// It has this price already.
    pub same: bool,
}

/// What the wish comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Stripe is asked.
    Ask,
    /// It has this price.
    AsItIs,
    /// It has ended, for good.
    Ended,
    /// Stripe has something else to answer first.
    Busy,
    /// A payment is late, or the first one hasn't come: that is settled first.
    Unpaid,
    /// It ends with its period, so there is no price to come.
    Ends,
}

impl Standing {
    /// What the wish comes to.
    #[must_use]
    pub fn judged(self) -> Verdict {
        match self.status {
            None => Verdict::Busy,
            Some(status) if status.is_final() => Verdict::Ended,
            Some(_) if self.busy => Verdict::Busy,
            Some(_) if self.same => Verdict::AsItIs,
            Some(Status::Active | Status::Trialing) if self.ends => Verdict::Ends,
            Some(Status::Active | Status::Trialing) => Verdict::Ask,
            Some(_) => Verdict::Unpaid,
        }
    }
}

/// A price as Stripe is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// `price_…`.
    pub stripe_price_id: String,
    /// ISO 4217, small letters.
    pub currency: String,
    /// `month` or `year`.
    pub interval: String,
}

/// What Stripe is told when a subscription gets another price. It refuses what isn't so any more: a moment outside of the period, a trial that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// `si_…`.
    pub item: String,
    /// From when on parts of periods are counted, seconds; none where there are none.
    pub prorated_at: Option<i64>,
    /// When the trial ends that goes on, seconds; none where there is none.
    pub trial_end: Option<i64>,
}

/// What is to be done about a wish that its caller has left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Stripe has never been told, and isn't any more.
    Dropped,
    /// It is told again, under the same key.
    Told,
    /// Nothing for now.
    Waits,
    /// It is looked at what came of it, and that is that.
    LookedAt,
}

impl Left {
    /// What is to be done about a wish of this age; `begun`: Stripe may have been told.
    #[must_use]
    pub fn of(begun: bool, age: SignedDuration) -> Self {
        if !begun {
            Self::Dropped
        } else if age < TOLD_AGAIN {
            Self::Told
        } else if age < OVER {
            Self::Waits
        } else {
            Self::LookedAt
        }
    }
}

/// A line of what Stripe would invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Less than nothing is given back.
    pub amount: i64,
    /// For a part of a period.
    pub proration: bool,
    /// Since when, seconds.
    pub start: i64,
    /// Until when.
    pub end: i64,
}

/// What a change costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// What is to be paid at once.
    pub due: i64,
    /// What is left over then, and pays for what comes next.
    pub credit: i64,
}

impl Cost {
    /// What lines cost a customer who has `balance` from before, negative for a credit.
    #[must_use]
    pub fn of(lines: &[Line], balance: i64) -> Self {
        let sum = lines.iter().fold(balance, |sum, line| sum.saturating_add(line.amount));
        Self { due: sum.max(0), credit: sum.min(0).saturating_neg() }
    }

    /// What is to be paid of the next invoice, at this price.
    #[must_use]
    pub fn next(self, price: i64) -> i64 {
        price.saturating_sub(self.credit).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paid_for_may_go_to_another_price() {
        let of = |status, ends, busy, same| Standing { status, ends, busy, same }.judged();
        assert_eq!(of(None, false, false, false), Verdict::Busy);
        for status in Status::ALL {
            let judged = |ends, busy, same| of(Some(status), ends, busy, same);
            let all = [
                judged(false, false, false),
                judged(true, false, false),
                judged(true, true, false),
                judged(true, false, true),
            ];
            let expected = match status {
                Status::Canceled | Status::IncompleteExpired => [Verdict::Ended; 4],
                Status::Active | Status::Trialing => [Verdict::Ask, Verdict::Ends, Verdict::Busy, Verdict::AsItIs],
                _ => [Verdict::Unpaid, Verdict::Unpaid, Verdict::Busy, Verdict::AsItIs],
            };
            assert_eq!(all, expected, "{status:?}");
        }
    }

    #[test]
    fn nobody_is_charged_much_later_for_what_they_wanted_once() {
        let left = |begun, minutes| Left::of(begun, SignedDuration::from_mins(minutes));
        assert_eq!([2, 60, 6000].map(|age| left(false, age)), [Left::Dropped; 3]);
        assert_eq!([2, 59].map(|age| left(true, age)), [Left::Told; 2]);
        assert_eq!([60, 64].map(|age| left(true, age)), [Left::Waits; 2]);
        assert_eq!([65, 6000].map(|age| left(true, age)), [Left::LookedAt; 2]);
    }

    #[test]
    fn what_is_left_over_pays_for_what_comes_next() {
        let line = |amount| Line { amount, proration: true, start: 0, end: 1 };
        for (amounts, balance, due, credit, next) in [
            (&[-500, 1000][..], 0, 500, 0, 2000),
            (&[-1500, 500][..], 0, 0, 1000, 1000),
            (&[-500, 1000][..], -800, 0, 300, 1700),
            (&[-5000][..], 0, 0, 5000, 0),
            (&[][..], 0, 0, 0, 2000),
            (&[i64::MIN, -1][..], 0, 0, i64::MAX, 0),
        ] {
            let lines: Vec<Line> = amounts.iter().map(|amount| line(*amount)).collect();
            let cost = Cost::of(&lines, balance);
            assert_eq!((cost.due, cost.credit, cost.next(2000)), (due, credit, next), "{amounts:?}");
        }
    }
}
