//! What came out, for a person. In: everything that was measured. Out: a table. Pure.

use comfy_table::{ContentArrangement, Table, presets};

use super::report::{Domain, Measured};
use super::view::thousands;
use crate::progress::{bytes, elapsed};

impl Measured {
    /// The same for a person.
    pub(super) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        for (what, value) in self.lines() {
            table.add_row([what, value.as_str()]);
        }
        table.to_string()
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let (split, load, verdict) = (&self.split, &self.load, &self.verdict);
        let lowest = load.rate_lowest.map(|rate| format!(", {rate:.0} in the weakest ten seconds")).unwrap_or_default();
        let domain = |d: &Domain| format!("{} {} ({})", d.name, thousands(d.size.rows), bytes(d.size.bytes));
        let domains = self.domains.iter().map(domain).collect::<Vec<_>>().join(", ");
        vec![
            ("the shared database before", format!("{} rows: {domains}", thousands(self.seeded()))),
            (
                "identity's own database",
                format!("{}: {} rows, {}", split.phase, thousands(self.target.rows), bytes(self.source().bytes)),
            ),
            ("rows compared by the engine", format!("{}, {} differ", thousands(split.verified), split.mismatches)),
            (
                "rows compared from outside",
                format!("{} of the old side are missing or changed on the new one", self.rows_missing),
            ),
            ("foreign keys across domains", split.foreign_keys.to_string()),
            (
                "write pause",
                format!(
                    "{:.0} ms by the engine (after {:.0} ms for the locks; {:.0} ms of it drain), {:.0} ms by the ledger; {:.0} ms without an answer",
                    split.write_pause_ms, split.lock_wait_ms, split.drain_ms, self.pause_ledger_ms, self.silence_ms
                ),
            ),
            ("requests", format!("{}, {} failed", thousands(load.total), load.failed)),
            ("requests a second", format!("{:.1} held{lowest}", load.rate_held)),
            (
                "latency",
                format!(
                    "p50 {:.1} ms, p99 {:.1} ms, longest {:.0} ms, counted from when a request was due",
                    self.latency.p50_ms, self.latency.p99_ms, self.latency.max_ms
                ),
            ),
            (
                "acknowledged writes",
                format!(
                    "{}, {} of them with a company: {} lost, {} doubled, {} different, {} on the wrong side",
                    thousands(verdict.acknowledged),
                    thousands(verdict.companies),
                    verdict.lost,
                    verdict.duplicated,
                    verdict.different,
                    verdict.wrong_side
                ),
            ),
            (
                "pods",
                if self.disturbed.is_empty() {
                    "none restarted or replaced".to_owned()
                } else {
                    self.disturbed.join(", ")
                },
            ),
            ("cluster", format!("{}, Kubernetes {}, PostgreSQL {}", self.provider, self.kubernetes, self.postgres)),
            ("time", elapsed(self.time)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::measured;

    #[test]
    fn the_table_names_what_matters() {
        let table = measured().table();
        for part in [
            "Completed",
            "921,000 rows",
            "1,000,000 rows",
            "account 70,000 (20.0 MB)",
            "6,300 of them",
            "0 lost",
            "6 severed",
            "none restarted",
            "60 ms",
            "71 ms",
        ] {
            assert!(table.contains(part), "{part} in\n{table}");
        }
    }
}
