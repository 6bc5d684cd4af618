//! What came out, for a person. In: everything that was measured. Out: a table. Pure.

use comfy_table::{ContentArrangement, Table, presets};

use super::report::{Domain, Measured, Move};
use super::view::thousands;
use crate::portals::during::Filled;
use crate::progress::{bytes, elapsed};

impl Move {
    fn lines(&self) -> Vec<(String, String)> {
        let (service, outcome) = (self.service, &self.outcome);
        let ledger = self.pause_ledger_ms.map(|ms| format!(", {ms:.0} ms by the ledger")).unwrap_or_default();
        vec![
            (
                format!("{service}'s own database"),
                format!("{}: {} rows, {}", outcome.phase, thousands(self.target.rows), bytes(self.source.bytes)),
            ),
            (
                "  rows compared".to_owned(),
                format!(
                    "{} by the engine, {} differ; from outside, {} of the old side are missing or changed",
                    thousands(outcome.verified),
                    outcome.mismatches,
                    self.rows_missing
                ),
            ),
            ("  foreign keys across domains".to_owned(), outcome.foreign_keys.to_string()),
            (
                "  write pause".to_owned(),
                format!(
                    "{:.0} ms by the engine (after {:.0} ms for the locks; {:.0} ms of it drain){ledger}; {:.0} ms without an answer",
                    outcome.write_pause_ms, outcome.lock_wait_ms, outcome.drain_ms, self.silence_ms
                ),
            ),
        ]
    }
}

impl Measured {
    /// The same for a person.
    pub(super) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        for (what, value) in self.lines() {
            table.add_row([what.as_str(), value.as_str()]);
        }
        table.to_string()
    }

    fn lines(&self) -> Vec<(String, String)> {
        let domain = |d: &Domain| format!("{} {} ({})", d.name, thousands(d.size.rows), bytes(d.size.bytes));
        let domains = self.domains.iter().map(domain).collect::<Vec<_>>().join(", ");
        let before = format!("{} rows: {domains}", thousands(self.seeded()));
        let mut lines = vec![("the shared database before".to_owned(), before)];
        lines.extend(self.moves.iter().flat_map(Move::lines));
        if self.moves.len() > 1 {
            lines.push(("write pauses together".to_owned(), format!("{:.0} ms by the engine", self.paused_ms())));
        }
        lines.extend(self.run().into_iter().map(|(what, value)| (what.to_owned(), value)));
        lines
    }

    fn run(&self) -> Vec<(&'static str, String)> {
        let (load, verdict) = (&self.load, &self.verdict);
        let lowest = load.rate_lowest.map(|rate| format!(", {rate:.0} in the weakest ten seconds")).unwrap_or_default();
        vec![
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
                "journeys",
                format!(
                    "{} of {} completed with {} requests: {} failed, {} contradicting",
                    thousands(load.journeys.completed),
                    thousands(load.journeys.started),
                    thousands(load.journeys.requests),
                    load.journeys.failed,
                    load.journeys.contradicting
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
            ("forms in a browser", self.filled.as_ref().map_or_else(|| "nobody was there".to_owned(), Filled::words)),
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
            "marketing's own database",
            "120 ms",
            "300 of 300 completed with 2,100 requests",
            "website 7: no error shown",
        ] {
            assert!(table.contains(part), "{part} in\n{table}");
        }
    }
}
