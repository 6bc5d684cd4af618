//! What was measured, as it comes in. In: one figure of somebody's in one round. Out: findings: everybody's figures, and how they compare,
//! round by round. Must not measure, and must not leave a round out.

use crate::report::{Finding, Goal};
use crate::stats::{differences, ratios};

/// What a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct What {
    /// Named in the table, `requests a second` for instance.
    pub(crate) name: &'static str,
    /// Its unit.
    pub(crate) unit: &'static str,
}

/// See the file's header.
#[derive(Debug, Default)]
pub(crate) struct Board(Vec<Row>);

#[derive(Debug)]
struct Row {
    who: &'static str,
    what: What,
    figures: Vec<f64>,
}

/// Two contenders whose rounds don't match, or figures that are no numbers: a mistake in a benchmark.
#[derive(Debug, thiserror::Error)]
#[error("{what} of {who} can't be compared with {against}: rounds are missing")]
pub(crate) struct Incomparable {
    who: &'static str,
    against: &'static str,
    what: &'static str,
}

impl Board {
    /// Takes the next round's figure.
    pub(crate) fn add(&mut self, who: &'static str, what: What, figure: f64) {
        match self.0.iter_mut().find(|row| row.who == who && row.what == what) {
            Some(row) => row.figures.push(figure),
            None => self.0.push(Row { who, what, figures: vec![figure] }),
        }
    }

    /// Everybody's figures, in the order in which they first came. Whatever `goal` says of somebody's figures is noted with them.
    pub(crate) fn figures(&self, goal: impl Fn(&str, What) -> Option<Goal>) -> Vec<Finding> {
        let finding = |row: &Row| Finding::new(row.who, None, row.what, row.figures.clone(), goal(row.who, row.what));
        self.0.iter().filter_map(finding).collect()
    }

    /// How many times as much somebody has as another one.
    ///
    /// # Errors
    /// A round is missing.
    pub(crate) fn ratio(
        &self,
        who: &'static str,
        against: &'static str,
        what: What,
        goal: Option<Goal>,
    ) -> Result<Finding, Incomparable> {
        let what_of = What { name: what.name, unit: "times" };
        let pairs = ratios(self.of(who, what), self.of(against, what));
        pairs.and_then(|rounds| Finding::new(who, Some(against), what_of, rounds, goal)).ok_or(Incomparable {
            who,
            against,
            what: what.name,
        })
    }

    /// How much more somebody has than another one.
    ///
    /// # Errors
    /// A round is missing.
    pub(crate) fn difference(
        &self,
        who: &'static str,
        against: &'static str,
        what: What,
        goal: Option<Goal>,
    ) -> Result<Finding, Incomparable> {
        let pairs = differences(self.of(who, what), self.of(against, what));
        pairs.and_then(|rounds| Finding::new(who, Some(against), what, rounds, goal)).ok_or(Incomparable {
            who,
            against,
            what: what.name,
        })
    }

    /// How many times as much somebody adds to `base` as another one adds to it.
    ///
    /// # Errors
    /// A round is missing, or the other one added nothing in one.
    pub(crate) fn ratio_added(
        &self,
        who: &'static str,
        against: &'static str,
        base: &str,
        (what, added): (What, &'static str),
        goal: Option<Goal>,
    ) -> Result<Finding, Incomparable> {
        let above = |name| differences(self.of(name, what), self.of(base, what));
        let rounds = above(who).zip(above(against)).and_then(|(ours, theirs)| ratios(&ours, &theirs));
        let what_of = What { name: added, unit: "times" };
        rounds.and_then(|rounds| Finding::new(who, Some(against), what_of, rounds, goal)).ok_or(Incomparable {
            who,
            against,
            what: added,
        })
    }

    /// Whether anything of somebody's was measured.
    pub(crate) fn has(&self, who: &str, what: What) -> bool {
        !self.of(who, what).is_empty()
    }

    fn of(&self, who: &str, what: What) -> &[f64] {
        self.0.iter().find(|row| row.who == who && row.what == what).map_or(&[], |row| &row.figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: What = What { name: "requests a second", unit: "1/s" };

    fn board() -> Board {
        let mut board = Board::default();
        for (ours, theirs) in [(30.0, 10.0), (10.0, 5.0), (44.0, 11.0)] {
            board.add("ours", RATE, ours);
            board.add("theirs", RATE, theirs);
        }
        board
    }

    #[test]
    fn ratios_are_judged_by_their_median() {
        let finding = board().ratio("ours", "theirs", RATE, Some(Goal::AtLeast(3.0))).unwrap();
        assert_eq!(finding.rounds, [3.0, 2.0, 4.0]);
        assert_eq!((finding.summary.median, finding.met), (3.0, Some(true)));
        let finding = board().ratio("ours", "theirs", RATE, Some(Goal::AtMost(2.9))).unwrap();
        assert_eq!(finding.met, Some(false));
    }

    #[test]
    fn a_missing_round_is_no_comparison() {
        let mut board = board();
        board.add("ours", RATE, 1.0);
        let error = board.ratio("ours", "theirs", RATE, None).unwrap_err().to_string();
        assert!(error.contains("requests a second of ours"), "{error}");
        assert!(board.difference("ours", "nobody", RATE, None).is_err());
        assert!(board.has("ours", RATE) && !board.has("nobody", RATE));
    }

    #[test]
    fn what_two_add_to_a_third_is_compared_round_by_round() {
        let mut board = board();
        for base in [5.0, 1.0, 0.0] {
            board.add("nobody", RATE, base);
        }
        let added = board.ratio_added("ours", "theirs", "nobody", (RATE, "added"), Some(Goal::AtMost(4.5))).unwrap();
        assert_eq!(added.rounds, [5.0, 2.25, 4.0]);
        assert_eq!((added.met, added.what), (Some(true), "added"));
        board.add("nobody", RATE, 1.0);
        assert!(board.ratio_added("ours", "theirs", "nobody", (RATE, "added"), None).is_err());
    }

    #[test]
    fn everybody_s_figures_are_told_in_their_order() {
        let board = board();
        let found = board.figures(|who, _| (who == "ours").then_some(Goal::AtLeast(100.0)));
        let names: Vec<&str> = found.iter().map(|finding| finding.who.as_str()).collect();
        assert_eq!(names, ["ours", "theirs"]);
        assert_eq!((found[0].met, found[1].met), (Some(false), None));
        let more = board.difference("ours", "theirs", RATE, None).unwrap();
        assert_eq!(more.rounds, [20.0, 5.0, 33.0]);
    }
}
