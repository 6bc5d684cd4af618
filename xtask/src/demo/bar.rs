//! What has to hold. In: everything that was measured, and the bar for this size. Out: every reason for which the demo failed. Pure.

use super::report::Measured;
use crate::progress::bytes;

/// How far the pause of the ledger may be from that of the engine, in milliseconds.
const AGREEMENT_MS: f64 = 20.0;

/// Foreign keys that the seed makes between identity's tables and those that stay.
const FOREIGN_KEYS: u64 = 6;

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

impl Measured {
    /// Every reason for which this is no success; empty when it is one.
    pub(super) fn failures(&self, bar: &Bar) -> Vec<String> {
        let apart = (self.pause_ledger_ms - self.split.write_pause_ms).abs();
        let verdict = &self.verdict;
        let load = &self.load;
        let checks = [
            (self.split.phase != "Completed", format!("identity is in phase {}, not Completed", self.split.phase)),
            (self.split.mismatches > 0, format!("the engine found {} rows that differ", self.split.mismatches)),
            (
                self.split.foreign_keys.severed != FOREIGN_KEYS,
                format!("{} foreign keys were severed, not {FOREIGN_KEYS}", self.split.foreign_keys.severed),
            ),
            (
                self.split.foreign_keys.orphans > 0,
                format!("{} rows have lost their parents", self.split.foreign_keys.orphans),
            ),
            (self.rows_missing > 0, format!("{} rows of the old side are not on the new one", self.rows_missing)),
            (self.seeded() < bar.seeded, format!("{} rows were there, fewer than {}", self.seeded(), bar.seeded)),
            (self.target.rows < bar.rows, format!("{} rows moved, fewer than {}", self.target.rows, bar.rows)),
            (
                self.source().bytes < bar.bytes,
                format!("{} moved, less than {}", bytes(self.source().bytes), bytes(bar.bytes)),
            ),
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
            (verdict.lost > 0, format!("{} acknowledged writes are lost", verdict.lost)),
            (verdict.duplicated > 0, format!("{} acknowledged writes are stored twice", verdict.duplicated)),
            (verdict.different > 0, format!("{} acknowledged writes are stored differently", verdict.different)),
            (verdict.wrong_side > 0, format!("{} writes are on the wrong side", verdict.wrong_side)),
            (
                bar.timed && apart > AGREEMENT_MS,
                format!(
                    "the ledger's pause ({:.1} ms) and the engine's ({:.1} ms) are {apart:.1} ms apart, more than {AGREEMENT_MS}",
                    self.pause_ledger_ms, self.split.write_pause_ms
                ),
            ),
            (
                bar.undisturbed && !self.disturbed.is_empty(),
                format!("pods did not stay: {}", self.disturbed.join(", ")),
            ),
        ];
        checks.into_iter().filter(|(failed, _)| *failed).map(|(_, why)| why).collect()
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
        let spoil: [fn(&mut Measured); 19] = [
            |m| m.split.phase = "Observe".into(),
            |m| m.split.mismatches = 1,
            |m| m.split.foreign_keys.severed = 5,
            |m| m.split.foreign_keys.orphans = 1,
            |m| m.rows_missing = 1,
            |m| m.domains[2].size.rows -= 1,
            |m| m.target.rows = 499_999,
            |m| m.domains[0].size.bytes = 199_999_999,
            |m| m.load.companies.contradicting = 1,
            |m| m.load.failed = 1,
            |m| m.load.total = 19_999,
            |m| m.load.rate_held = 199.9,
            |m| m.load.acknowledged = 20_999,
            |m| m.verdict.lost = 1,
            |m| m.verdict.duplicated = 1,
            |m| m.verdict.different = 1,
            |m| m.verdict.wrong_side = 1,
            |m| m.pause_ledger_ms = 80.1,
            |m| m.disturbed = vec!["identity-1 restarted".into()],
        ];
        for (i, spoil) in spoil.into_iter().enumerate() {
            let mut bad = measured();
            spoil(&mut bad);
            assert_eq!(bad.failures(&BAR).len(), 1, "check {i}");
        }
    }
}
