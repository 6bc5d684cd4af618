//! What came out, for machines. In: everything that was measured. Out: `report.json`. Must not measure: a figure that is missing has ended the
//! story before.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::Error;
use super::ledger::Verdict;
use super::postgres::Size;
use super::split::Outcome;
use super::traffic::{Journeys, Latency, Load};
use crate::portals::during::Filled;

/// Everything that was measured.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) time: Duration,
    /// Every domain before the splits, on the server they share: heap and indexes.
    pub(super) domains: Vec<Domain>,
    /// What moved, in that order; the first one has the bar.
    pub(super) moves: Vec<Move>,
    pub(super) load: Load,
    pub(super) latency: Latency,
    pub(super) verdict: Verdict,
    /// What happened to pods.
    pub(super) disturbed: Vec<String>,
    /// What people with a browser did, where there were any.
    pub(super) filled: Option<Filled>,
    pub(super) provider: String,
    pub(super) kubernetes: String,
    pub(super) postgres: String,
}

/// A domain that moved.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) service: &'static str,
    pub(super) outcome: Outcome,
    /// Its schema on the shared server before.
    pub(super) source: Size,
    /// The same schema on the new server, counted after the traffic had ended.
    pub(super) target: Size,
    /// Write pause by the ledger around the cutover, in milliseconds; none for a domain that not every form writes to.
    pub(super) pause_ledger_ms: Option<f64>,
    /// The longest time without an acknowledgement there, in milliseconds: what whoever waits for answers sees.
    pub(super) silence_ms: f64,
    /// Rows of the closed source that the target does not hold unchanged, by an independent comparison.
    pub(super) rows_missing: u64,
}

impl Move {
    /// Rows that differ between the two sides: those the engine found, and those the comparison from outside did.
    fn mismatches(&self) -> u64 {
        self.outcome.mismatches + self.rows_missing
    }
}

/// A domain of the platform and what its schema held.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Domain {
    pub(super) name: &'static str,
    #[serde(flatten)]
    pub(super) size: Size,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    seconds: f64,
    domains: &'a [Domain],
    splits: Vec<Split<'a>>,
    write_pause_total_ms: f64,
    requests: Requests,
    journeys: Journeys,
    ledger: Ledger,
    /// Forms that people filled in with a browser, by portal.
    forms: Option<&'a BTreeMap<String, u64>>,
    cluster: Cluster<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Split<'a> {
    service: &'a str,
    phase: &'a str,
    rows: u64,
    bytes: u64,
    write_pause_ms: f64,
    pause_ledger_ms: Option<f64>,
    silence_ms: f64,
    lock_wait_ms: f64,
    drain_ms: f64,
    mismatches: u64,
    severed_foreign_keys: u64,
    orphans: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Requests {
    total: u64,
    failed: u64,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

#[derive(Debug, Serialize)]
struct Ledger {
    acknowledged: u64,
    companies: u64,
    lost: u64,
    duplicated: u64,
}

#[derive(Debug, Serialize)]
struct Cluster<'a> {
    provider: &'a str,
    kubernetes: &'a str,
    postgres: &'a str,
}

impl<'a> Split<'a> {
    fn of(one: &'a Move) -> Self {
        let outcome = &one.outcome;
        Self {
            service: one.service,
            phase: &outcome.phase,
            rows: one.target.rows,
            bytes: one.source.bytes,
            write_pause_ms: outcome.write_pause_ms,
            pause_ledger_ms: one.pause_ledger_ms,
            silence_ms: one.silence_ms,
            lock_wait_ms: outcome.lock_wait_ms,
            drain_ms: outcome.drain_ms,
            mismatches: one.mismatches(),
            severed_foreign_keys: outcome.foreign_keys.severed,
            orphans: outcome.foreign_keys.orphans,
        }
    }
}

impl Measured {
    /// Rows of all domains before the split.
    pub(super) fn seeded(&self) -> u64 {
        self.domains.iter().map(|domain| domain.size.rows).sum()
    }

    /// Writes paused for this long in all, by the engine, in milliseconds.
    pub(super) fn paused_ms(&self) -> f64 {
        self.moves.iter().map(|one| one.outcome.write_pause_ms).sum()
    }

    fn json(&self) -> Json<'_> {
        Json {
            seconds: self.time.as_secs_f64(),
            domains: &self.domains,
            splits: self.moves.iter().map(Split::of).collect(),
            write_pause_total_ms: self.paused_ms(),
            requests: Requests {
                total: self.load.total,
                failed: self.load.failed,
                per_second: self.load.rate_held,
                p50_ms: self.latency.p50_ms,
                p99_ms: self.latency.p99_ms,
                max_ms: self.latency.max_ms,
            },
            journeys: self.load.journeys,
            ledger: Ledger {
                acknowledged: self.verdict.acknowledged,
                companies: self.verdict.companies,
                lost: self.verdict.lost,
                duplicated: self.verdict.duplicated,
            },
            forms: self.filled.as_ref().map(|filled| &filled.forms),
            cluster: Cluster { provider: &self.provider, kubernetes: &self.kubernetes, postgres: &self.postgres },
        }
    }

    /// Writes `report.json` into `dir` and returns its path.
    pub(super) fn write(&self, dir: &Path) -> Result<PathBuf, Error> {
        let path = dir.join("report.json");
        let kept = |source| Error::Report { path: path.clone(), source };
        let json = serde_json::to_vec_pretty(&self.json());
        let json = json.map_err(|source| Error::Json { what: "the report".to_owned(), source })?;
        fs::create_dir_all(dir).map_err(kept)?;
        fs::write(&path, json).map_err(kept)?;
        Ok(path)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::split::ForeignKeys;
    use super::*;

    fn moved(service: &'static str, source: Size, target: Size, severed: u64) -> Move {
        let outcome = Outcome {
            phase: "Completed".into(),
            write_pause_ms: 60.0,
            lock_wait_ms: 2.0,
            drain_ms: 20.0,
            at: "2026-01-01T00:00:00Z".into(),
            closed: "2026-01-01T00:00:00Z".into(),
            mismatches: 0,
            verified: 900_000,
            foreign_keys: ForeignKeys { severed, orphans: 0, lock_wait_ms: 4.0 },
        };
        let pause_ledger_ms = (service == "identity").then_some(71.0);
        Move { service, outcome, source, target, pause_ledger_ms, silence_ms: 66.0, rows_missing: 0 }
    }

    /// A run with nothing wrong.
    pub(in super::super) fn measured() -> Measured {
        let load = r#"{"run":"r1","running":false,"startedAt":"x","rateHeld":249.0,"rateLowest":240.0,"total":21000,
            "acknowledged":21000,"failed":0,"reasons":{},"latency":null,"window":null,
            "companies":{"contradicting":0},"journeys":{"started":300,"completed":300,"requests":2100,"failed":0,"contradicting":0}}"#;
        Measured {
            time: Duration::from_secs(200),
            domains: vec![
                Domain { name: "identity", size: Size { rows: 870_000, bytes: 210_000_000 } },
                Domain { name: "account", size: Size { rows: 70_000, bytes: 20_000_000 } },
                Domain { name: "marketing", size: Size { rows: 60_000, bytes: 20_000_000 } },
            ],
            moves: vec![
                moved(
                    "identity",
                    Size { rows: 870_000, bytes: 210_000_000 },
                    Size { rows: 921_000, bytes: 190_000_000 },
                    6,
                ),
                moved(
                    "marketing",
                    Size { rows: 60_000, bytes: 20_000_000 },
                    Size { rows: 81_000, bytes: 20_000_000 },
                    2,
                ),
            ],
            load: serde_json::from_str(load).unwrap(),
            latency: Latency { p50_ms: 5.0, p99_ms: 30.0, max_ms: 90.0 },
            verdict: Verdict { acknowledged: 21_000, companies: 6_300, ..Verdict::default() },
            disturbed: Vec::new(),
            filled: Some(Filled { forms: BTreeMap::from([("website".to_owned(), 7)]), went_well: true }),
            provider: "node".into(),
            kubernetes: "v1.34.4".into(),
            postgres: "17.6".into(),
        }
    }

    #[test]
    fn the_report_has_the_agreed_fields() {
        let json = serde_json::to_value(measured().json()).unwrap();
        let fields =
            |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(fields(&json), "cluster domains forms journeys ledger requests seconds splits writePauseTotalMs");
        assert_eq!(
            fields(&json["splits"][0]),
            "bytes drainMs lockWaitMs mismatches orphans pauseLedgerMs phase rows service severedForeignKeys silenceMs writePauseMs"
        );
        assert_eq!(fields(&json["domains"][0]), "bytes name rows");
        assert_eq!(fields(&json["requests"]), "failed maxMs p50Ms p99Ms perSecond total");
        assert_eq!(fields(&json["journeys"]), "completed contradicting failed requests started");
        assert_eq!(fields(&json["ledger"]), "acknowledged companies duplicated lost");
        assert_eq!(fields(&json["cluster"]), "kubernetes postgres provider");
    }
}
