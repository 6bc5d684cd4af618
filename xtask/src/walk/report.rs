//! What came of a walk. In: the rows as they were walked. Out: `report.json`, tables for a person, and what failed. Pure but for the file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use comfy_table::{Table, presets};
use serde::Serialize;

use super::Error;
use super::flows::FLOWS;
use super::original::{ENDPOINTS, Endpoint};
use super::walker::{Verdict, Walked};
use crate::progress::elapsed;

/// A walk that came to its end.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) run: String,
    pub(super) time: Duration,
    /// The rows of each flow.
    pub(super) flows: Vec<Vec<Walked>>,
}

/// How many rows ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    passed: usize,
    failed: usize,
    not_here: usize,
}

#[derive(Debug, Serialize)]
struct Json<'a> {
    run: &'a str,
    seconds: f64,
    rows: Counts,
    endpoints: Vec<Proof>,
    flows: Vec<FlowJson>,
}

/// Which rows show that an endpoint is there, and whether they do.
#[derive(Debug, Serialize)]
struct Proof {
    endpoint: String,
    service: &'static str,
    rows: Vec<String>,
    proved: bool,
}

#[derive(Debug, Serialize)]
struct FlowJson {
    title: &'static str,
    rows: Vec<RowJson>,
}

#[derive(Debug, Serialize)]
struct RowJson {
    row: String,
    what: &'static str,
    request: String,
    who: &'static str,
    wanted: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    ms: f64,
    repeated: u32,
}

impl Verdict {
    /// In a word, and why.
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Passed => ("passed", ""),
            Self::Failed(why) => ("failed", why),
            Self::Unreached(why) => ("unreached", why),
            Self::NotHere(why) => ("not here", why),
        }
    }

    fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Unreached(_))
    }
}

impl Report {
    fn rows(&self) -> impl Iterator<Item = &Walked> {
        self.flows.iter().flatten()
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for walked in self.rows() {
            match &walked.verdict {
                Verdict::Passed => counts.passed += 1,
                Verdict::Failed(_) | Verdict::Unreached(_) => counts.failed += 1,
                Verdict::NotHere(_) => counts.not_here += 1,
            }
        }
        counts
    }

    fn proof(&self, endpoint: &Endpoint) -> Proof {
        let name = endpoint.name();
        let rows: Vec<&Walked> = self.rows().filter(|walked| walked.row.proves(&name)).collect();
        let proved = !rows.is_empty() && rows.iter().all(|walked| walked.verdict == Verdict::Passed);
        let rows = rows.into_iter().map(|walked| walked.number.clone()).collect();
        Proof { endpoint: name, service: endpoint.service, rows, proved }
    }

    fn json(&self) -> Json<'_> {
        let row = |walked: &Walked| {
            let (verdict, why) = walked.verdict.words();
            RowJson {
                row: walked.number.clone(),
                what: walked.row.what,
                request: walked.row.request(),
                who: walked.row.who(),
                wanted: walked.row.wanted(),
                verdict,
                why: why.to_owned(),
                ms: (walked.time.as_secs_f64() * 10_000.0).round() / 10.0,
                repeated: walked.repeated,
            }
        };
        let flows = self.flows.iter().zip(FLOWS);
        Json {
            run: &self.run,
            seconds: self.time.as_secs_f64(),
            rows: self.counts(),
            endpoints: ENDPOINTS.iter().map(|endpoint| self.proof(endpoint)).collect(),
            flows: flows
                .map(|(rows, flow)| FlowJson { title: flow.title, rows: rows.iter().map(row).collect() })
                .collect(),
        }
    }

    /// Writes `report.json` into `dir` and returns its path.
    pub(super) fn write(&self, dir: &Path) -> Result<PathBuf, Error> {
        let path = dir.join("report.json");
        let json = serde_json::to_vec_pretty(&self.json());
        let json = json.map_err(|source| Error::Json { what: "the report", source })?;
        let kept = |source| Error::Report { path: path.clone(), source };
        fs::create_dir_all(dir).map_err(kept)?;
        fs::write(&path, json).map_err(kept)?;
        Ok(path)
    }

    /// The same for a person: a table for each flow, and the sum.
    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        for (number, (rows, flow)) in self.flows.iter().zip(FLOWS).enumerate() {
            let mut table = Table::new();
            table.load_style(presets::NOTHING).set_header(["", "WHAT", "REQUEST", "AS", "ANSWER", "MS", ""]);
            for walked in rows {
                let row = &walked.row;
                let ms = walked.time.as_millis().to_string();
                let word = match walked.verdict.words().0 {
                    "passed" => "ok".to_owned(),
                    word => word.to_uppercase(),
                };
                table.add_row([walked.number.as_str(), row.what, &row.request(), row.who(), &row.wanted(), &ms, &word]);
            }
            text.push_str(&format!("{}. {}\n{table}\n\n", number + 1, flow.title));
        }
        text + &self.sum()
    }

    fn sum(&self) -> String {
        let Counts { passed, failed, not_here } = self.counts();
        let proved = ENDPOINTS.iter().filter(|endpoint| self.proof(endpoint).proved).count();
        let whole = |rows: &&Vec<Walked>| !rows.iter().any(|walked| walked.verdict.is_failure());
        let absent = match self.rows().find_map(|walked| match walked.verdict {
            Verdict::NotHere(why) => Some(why),
            _ => None,
        }) {
            Some(why) => format!(" ({not_here} more are not here: {why})"),
            None => String::new(),
        };
        format!(
            "{} rows in {}: {passed} passed, {failed} failed{absent}. {proved} of {} endpoints of the original specification and {} of {} flows are as they must be.",
            passed + failed,
            elapsed(self.time),
            ENDPOINTS.len(),
            self.flows.iter().filter(whole).count(),
            FLOWS.len(),
        )
    }

    /// What is not as it must be: rows, and endpoints that no row has proved.
    pub(super) fn failures(&self) -> Vec<String> {
        let rows = self.rows().filter(|walked| walked.verdict.is_failure()).map(|walked| {
            let (word, why) = walked.verdict.words();
            let Walked { row, number, .. } = walked;
            format!("{number} {word}: {} ({} {}): {why}", row.what, row.request(), row.who())
        });
        let proofs = ENDPOINTS.iter().map(|endpoint| self.proof(endpoint)).filter(|proof| !proof.proved);
        rows.chain(proofs.map(|proof| format!("not proved: {}", proof.endpoint))).collect()
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
