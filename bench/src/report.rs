//! What came out, for people and for machines. In: findings, the machine, the settings. Out: a table, and JSON in a file. Must not measure nor
//! judge anything but a median against a goal.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use comfy_table::Table;
use serde::Serialize;
use serde_json::Value;

use crate::board::What;
use crate::cores::Cores;
use crate::stats::{Summary, summary};

/// What a median should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Goal {
    /// No less.
    AtLeast(f64),
    /// No more.
    AtMost(f64),
}

/// Something that was found out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Finding {
    /// Whose it is.
    pub(crate) who: String,
    /// Compared with whom, if so.
    pub(crate) against: Option<String>,
    /// What.
    pub(crate) what: &'static str,
    /// In which unit; `times` for a ratio.
    pub(crate) unit: &'static str,
    /// Each round's figure.
    pub(crate) rounds: Vec<f64>,
    /// All of them together.
    pub(crate) summary: Summary,
    /// What the design asks for.
    pub(crate) goal: Option<Goal>,
    /// Whether the median is that.
    pub(crate) met: Option<bool>,
}

impl Finding {
    /// None without figures.
    pub(crate) fn new(
        who: &str,
        against: Option<&str>,
        what: What,
        rounds: Vec<f64>,
        goal: Option<Goal>,
    ) -> Option<Self> {
        let summary = summary(&rounds)?;
        let met = goal.map(|goal| goal.is_met(summary.median));
        let (who, against) = (who.to_owned(), against.map(str::to_owned));
        Some(Self { who, against, what: what.name, unit: what.unit, rounds, summary, goal, met })
    }
}

impl Goal {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(least) => figure >= least,
            Self::AtMost(most) => figure <= most,
        }
    }

    fn text(self, met: Option<bool>) -> String {
        let (sign, figure) = match self {
            Self::AtLeast(least) => ("≥", least),
            Self::AtMost(most) => ("≤", most),
        };
        format!("{sign} {} {}", short(figure), if met == Some(true) { "met" } else { "NOT met" })
    }
}

/// Where it was measured. Figures of another machine are other figures; ratios are a little less so.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    kernel: String,
    processor: String,
    cores: usize,
    /// The measured program's core and the others'; none: nothing was pinned.
    pinned: Option<(usize, Vec<usize>)>,
}

impl Machine {
    /// This one.
    pub(crate) fn look(cores: Option<&Cores>) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Self {
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            processor: model.map_or("unknown", |(_, name)| name.trim()).to_owned(),
            // Not those this process may use: it has stepped aside by now.
            cores: cpus.lines().filter(|line| line.starts_with("processor")).count(),
            pinned: cores.map(|cores| (cores.measured, cores.others.clone())),
        }
    }
}

/// Everything about one run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The benchmark's name.
    pub(crate) bench: &'static str,
    /// Seconds since 1970.
    pub(crate) ended: u64,
    /// How to have it again.
    pub(crate) command: String,
    /// Where.
    pub(crate) machine: Machine,
    /// Of everybody who took part.
    pub(crate) versions: BTreeMap<String, String>,
    /// How long, how many.
    pub(crate) settings: Value,
    /// What came out.
    pub(crate) findings: Vec<Finding>,
    /// Who did not take part, and why.
    pub(crate) left_out: BTreeMap<String, String>,
    /// What a reader has to know to understand the figures.
    pub(crate) notes: Vec<&'static str>,
}

/// The report can't be kept.
#[derive(Debug, thiserror::Error)]
#[error("{path} can't be written")]
pub(crate) struct NotKept {
    path: PathBuf,
    source: io::Error,
}

impl Report {
    /// Writes `<bench>.json` in a directory, which is made if it isn't there. Out: its path.
    ///
    /// # Errors
    /// See [`NotKept`].
    pub(crate) fn keep(&self, dir: &Path) -> Result<PathBuf, NotKept> {
        let path = dir.join(format!("{}.json", self.bench));
        let write = || {
            fs::create_dir_all(dir)?;
            fs::write(&path, serde_json::to_vec_pretty(self)?)
        };
        write().map_err(|source| NotKept { path: path.clone(), source })?;
        Ok(path)
    }

    /// The findings for a person.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header(["WHAT", "WHO", "AGAINST", "MEDIAN", "QUARTILES", "RANGE", "UNIT", "GOAL"]);
        for finding in &self.findings {
            let Summary { median, lower, upper, min, max } = finding.summary;
            table.add_row([
                finding.what.to_owned(),
                finding.who.clone(),
                finding.against.clone().unwrap_or_default(),
                short(median),
                format!("{} – {}", short(lower), short(upper)),
                format!("{} – {}", short(min), short(max)),
                finding.unit.to_owned(),
                finding.goal.map(|goal| goal.text(finding.met)).unwrap_or_default(),
            ]);
        }
        table
    }
}

/// Seconds since 1970.
pub(crate) fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// A figure with three digits that say something, or all of those before the point.
fn short(figure: f64) -> String {
    let places = match figure.abs() {
        0.0 => 0,
        size if size < 1.0 => 3,
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{figure:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const P50: What = What { name: "added p50", unit: "µs" };

    fn report(findings: Vec<Finding>) -> Report {
        Report {
            bench: "gateway",
            ended: 1,
            command: "cargo xtask bench gateway".to_owned(),
            machine: Machine::look(None),
            versions: BTreeMap::new(),
            settings: serde_json::json!({"rounds": 3}),
            findings,
            left_out: BTreeMap::from([("envoy".to_owned(), "not installed".to_owned())]),
            notes: vec!["a note"],
        }
    }

    #[test]
    fn a_goal_that_is_not_met_is_told_as_such() {
        let slow = Finding::new("ours", Some("direct"), P50, vec![24.0, 31.0, 40.0], Some(Goal::AtMost(25.0))).unwrap();
        assert_eq!(slow.met, Some(false));
        let table = report(vec![slow]).table().to_string();
        assert!(table.contains("≤ 25.0 NOT met") && table.contains("31.0") && table.contains("24.0 – 40.0"), "{table}");
    }

    #[test]
    fn a_machine_reads_all_rounds() {
        let dir = tempfile::tempdir().unwrap();
        let finding = Finding::new("ours", None, P50, vec![1.0, 2.0, 3.0], Some(Goal::AtMost(2.0))).unwrap();
        let path = report(vec![finding]).keep(&dir.path().join("bench")).unwrap();
        let read: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(read["findings"][0]["rounds"], serde_json::json!([1.0, 2.0, 3.0]));
        assert_eq!(read["findings"][0]["summary"]["median"], 2.0);
        assert_eq!(read["findings"][0]["goal"]["atMost"], 2.0);
        assert_eq!(read["findings"][0]["met"], true);
        assert_eq!(read["leftOut"]["envoy"], "not installed");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [41234.4, 123.4, 16.24, 1.127, 0.0451, 0.0].map(short),
            ["41234", "123", "16.2", "1.13", "0.045", "0"]
        );
    }
}
