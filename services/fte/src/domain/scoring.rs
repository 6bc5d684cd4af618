//! Points. In come what questions are worth and whether they were answered right; out go a score and whether it passes. Pure, and integers
//! only: a share that is rounded for people never decides.

/// What a right answer is worth: points times weight.
#[must_use]
pub fn worth(points: i32, weight: i32) -> i64 {
    i64::from(points) * i64::from(weight)
}

/// Points that were earned, of all there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// Of right answers.
    pub earned: i64,
    /// Of all questions, answered or not.
    pub total: i64,
}

impl Score {
    /// Adds up: what each question is worth, and whether it was answered right.
    #[must_use]
    pub fn of(questions: impl IntoIterator<Item = (i64, bool)>) -> Self {
        questions.into_iter().fold(Self { earned: 0, total: 0 }, |sum, (worth, right)| Self {
            earned: sum.earned + if right { worth } else { 0 },
            total: sum.total + worth,
        })
    }

    /// Whether it reaches `pass_bp` hundredths of a percent: `earned / total >= pass_bp / 10,000`, multiplied across. Nothing of nothing
    /// passes nothing.
    #[must_use]
    pub fn passes(self, pass_bp: i32) -> bool {
        self.total > 0 && i128::from(self.earned) * 10_000 >= i128::from(self.total) * i128::from(pass_bp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_weighed_and_added() {
        for (questions, earned, total) in [
            (vec![], 0, 0),
            (vec![(worth(5, 1), true)], 5, 5),
            (vec![(worth(5, 2), true), (worth(3, 4), false)], 10, 22),
            (vec![(worth(1_000, 100), true); 500], 50_000_000, 50_000_000),
        ] {
            assert_eq!(Score::of(questions), Score { earned, total });
        }
    }

    #[test]
    fn the_mark_is_met_exactly_or_not_at_all() {
        for (earned, total, pass_bp, passes) in [
            (7, 10, 7_000, true),
            (6, 10, 7_000, false),
            // Two thirds are 66.666… %: 66.67 % would be a pass for whoever rounds.
            (2, 3, 6_667, false),
            (2, 3, 6_666, true),
            (699_999, 1_000_000, 7_000, false),
            (700_000, 1_000_000, 7_000, true),
            (0, 10, 0, true),
            (0, 10, 1, false),
            (10, 10, 10_000, true),
            (9_999_999, 10_000_000, 10_000, false),
            (i64::MAX - 1, i64::MAX, 10_000, false),
            (i64::MAX, i64::MAX, 10_000, true),
            (0, 0, 0, false),
        ] {
            assert_eq!(Score { earned, total }.passes(pass_bp), passes, "{earned}/{total} at {pass_bp}");
        }
    }
}
