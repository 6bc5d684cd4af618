//! What has to hold. In: everything that was measured, and the bar for this size. Out: every reason for which the demo failed. Pure.

use super::report::{Measured, Move};
use crate::progress::bytes;

/// How far the pause of the ledger may be from that of the engine, in milliseconds.
const AGREEMENT_MS: f64 = 20.0;

/// Foreign keys that the seed makes and the move of a domain severs: those to and from domains that are still on the shared server. The
/// others have none left when they move.
const FOREIGN_KEYS: [(&str, u64); 2] = [("identity", 6), ("marketing", 2)];

/// What has to hold for the demo to have succeeded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bar {
    /// Rows of all domains before the split.
    pub(super) seeded: u64,
    /// Rows that move, and what they weigh.
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) requests: u64,
    /// Requests per second.
    pub(super) rate: f64,
    /// Nobody was killed on purpose: failed requests and pods count.
    pub(super) undisturbed: bool,
    /// The rate that was held and the pause count.
    pub(super) timed: bool,
}

impl Move {
    fn failures(&self, bar: &Bar) -> Vec<String> {
        let (service, outcome) = (self.service, &self.outcome);
        let keys = FOREIGN_KEYS.into_iter().find(|(name, _)| *name == service).map_or(0, |(_, keys)| keys);
        let engine = outcome.write_pause_ms;
        let apart = self.pause_ledger_ms.map(|ledger| (ledger, (ledger - engine).abs()));
        let checks = [
            (outcome.phase != "Completed", format!("{service} is in phase {}, not Completed", outcome.phase)),
            (outcome.mismatches > 0, format!("the engine found {} rows of {service} that differ", outcome.mismatches)),
            (
                outcome.foreign_keys.severed != keys,
                format!("{} foreign keys of {service} were severed, not {keys}", outcome.foreign_keys.severed),
            ),
            (
                outcome.foreign_keys.orphans > 0,
                format!("{} rows have lost their parents when {service} moved", outcome.foreign_keys.orphans),
            ),
            (
                self.rows_missing > 0,
                format!("{} rows of {service}'s old side are not on the new one", self.rows_missing),
            ),
            (
                bar.timed && apart.is_some_and(|(_, apart)| apart > AGREEMENT_MS),
                format!(
                    "the ledger's pause of {service} ({:.1} ms) and the engine's ({engine:.1} ms) are more than {AGREEMENT_MS} ms apart",
                    self.pause_ledger_ms.unwrap_or_default()
                ),
            ),
        ];
        failed(checks)
    }
}

fn failed(checks: impl IntoIterator<Item = (bool, String)>) -> Vec<String> {
    checks.into_iter().filter(|(failed, _)| *failed).map(|(_, why)| why).collect()
}

impl Measured {
    /// Every reason for which this is no success; empty when it is one.
    pub(super) fn failures(&self, bar: &Bar) -> Vec<String> {
        let verdict = &self.verdict;
        let load = &self.load;
        // The first one is what the data set is made for.
        let (source, target) = self.moves.first().map(|first| (first.source, first.target)).unwrap_or_default();
        let checks = [
            (self.seeded() < bar.seeded, format!("{} rows were there, fewer than {}", self.seeded(), bar.seeded)),
            (target.rows < bar.rows, format!("{} rows moved, fewer than {}", target.rows, bar.rows)),
            (source.bytes < bar.bytes, format!("{} moved, less than {}", bytes(source.bytes), bytes(bar.bytes))),
            (bar.undisturbed && load.failed > 0, format!("{} requests failed: {:?}", load.failed, load.reasons)),
            (load.total < bar.requests, format!("{} requests were sent, fewer than {}", load.total, bar.requests)),
            (
                bar.timed && load.rate_held < bar.rate,
                format!("{:.1} requests a second were held, fewer than {}", load.rate_held, bar.rate),
            ),
            (
                load.acknowledged != verdict.acknowledged,
                "the ledger and the load generator's count disagree".to_owned(),
            ),
            (
                load.companies.contradicting > 0,
                format!("{} companies were answered with two ids", load.companies.contradicting),
            ),
            (
                load.journeys.contradicting > 0,
                format!("{} journeys were shown something else than was acknowledged", load.journeys.contradicting),
            ),
            (bar.undisturbed && load.journeys.completed == 0, "no journey came to its end".to_owned()),
            (verdict.lost > 0, format!("{} acknowledged writes are lost", verdict.lost)),
            (verdict.duplicated > 0, format!("{} acknowledged writes are stored twice", verdict.duplicated)),
            (verdict.different > 0, format!("{} acknowledged writes are stored differently", verdict.different)),
            (verdict.wrong_side > 0, format!("{} writes are on the wrong side", verdict.wrong_side)),
            (
                bar.undisturbed && !self.disturbed.is_empty(),
                format!("pods did not stay: {}", self.disturbed.join(", ")),
            ),
            (
                self.filled.as_ref().is_some_and(|filled| !filled.went_well),
                "somebody with a browser was shown an error; it is said above".to_owned(),
            ),
        ];
        self.moves.iter().flat_map(|one| one.failures(bar)).chain(failed(checks)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::measured;
    use super::*;

    const BAR: Bar = Bar {
        seeded: 1_000_000,
        rows: 500_000,
        bytes: 200_000_000,
        requests: 20_000,
        rate: 200.0,
        undisturbed: true,
        timed: true,
    };

    #[test]
    fn a_good_run_has_no_reason_to_fail() {
        assert_eq!(measured().failures(&BAR), Vec::<String>::new());
    }

    #[test]
    fn every_figure_can_fail_the_demo() {
        let spoil: [fn(&mut Measured); 23] = [
            |m| m.moves[0].outcome.phase = "Observe".into(),
            |m| m.moves[1].outcome.mismatches = 1,
            |m| m.moves[0].outcome.foreign_keys.severed = 5,
            |m| m.moves[1].outcome.foreign_keys.severed = 1,
            |m| m.moves[0].outcome.foreign_keys.orphans = 1,
            |m| m.moves[1].rows_missing = 1,
            |m| m.domains[2].size.rows -= 1,
            |m| m.moves[0].target.rows = 499_999,
            |m| m.moves[0].source.bytes = 199_999_999,
            |m| m.load.companies.contradicting = 1,
            |m| m.load.journeys.contradicting = 1,
            |m| m.load.journeys.completed = 0,
            |m| m.load.failed = 1,
            |m| m.load.total = 19_999,
            |m| m.load.rate_held = 199.9,
            |m| m.load.acknowledged = 20_999,
            |m| m.verdict.lost = 1,
            |m| m.verdict.duplicated = 1,
            |m| m.verdict.different = 1,
            |m| m.verdict.wrong_side = 1,
            |m| m.moves[0].pause_ledger_ms = Some(80.1),
            |m| m.disturbed = vec!["identity-1 restarted".into()],
            |m| m.filled.iter_mut().for_each(|filled| filled.went_well = false),
        ];
        for (i, spoil) in spoil.into_iter().enumerate() {
            let mut bad = measured();
            spoil(&mut bad);
            assert_eq!(bad.failures(&BAR).len(), 1, "check {i}");
        }
    }
}
