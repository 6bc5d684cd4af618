//! What a run came to. In: what was done, answered, and found. Out: a verdict, a table for a person, and the same as JSON. Pure but for the file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::json;

use super::Error;
use super::away::Absence;
use super::victims::Kill;
use super::visitor::{Answers, Forms, LOST};
use crate::demo::stage::{Flow, Kept};
use crate::progress::elapsed;

/// What may be answered at the gateway while pods are killed: besides what is right, that it can't be done now, or not in time, or too often asked.
const REFUSED: [&str; 4] = ["503", "504", "429", LOST];

/// Charges, as billing meant them and as Stripe made them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Charges {
    pub(super) meant: u64,
    pub(super) made: u64,
    /// Minor units.
    pub(super) meant_amount: i64,
    pub(super) made_amount: i64,
}

/// Everything about a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    pub(super) seed: u64,
    pub(super) time: Duration,
    pub(super) kills: Vec<Kill>,
    pub(super) flow: Flow,
    pub(super) kept: Kept,
    pub(super) forms: Forms,
    pub(super) webhooks: Answers,
    pub(super) charges: Charges,
    pub(super) absence: Option<Absence>,
    /// What should not be, in words.
    pub(super) findings: Vec<String>,
}

impl Report {
    /// Everything that makes the run a failure.
    pub(super) fn failures(&self) -> Vec<String> {
        let mut all = self.findings.clone();
        let kept = &self.kept;
        for (count, what) in [(kept.lost, "lost"), (kept.duplicated, "doubled"), (kept.different, "different")] {
            if count > 0 {
                all.push(format!("{count} acknowledged writes of the load are {what}: {}", kept.examples.join("; ")));
            }
        }
        let none =
            |what: &str, count: u64| (count == 0).then(|| format!("{what}: nothing was tried, so nothing is shown"));
        all.extend(none("acknowledged writes", kept.acknowledged));
        all.extend(none("kills", self.kills.len() as u64));
        all.extend(none("charges", self.charges.meant));
        if self.flow.contradicting > 0 {
            all.push(format!("{} journeys or companies contradict what was acknowledged", self.flow.contradicting));
        }
        for (reason, times) in &self.flow.reasons {
            if status(reason).is_some_and(|status| !matches!(status, "503" | "202")) {
                all.push(format!("the load was answered {times} times: {reason}"));
            }
        }
        all.extend(unexpected("a form at the gateway", &self.forms.answers, &["201", "202"]));
        all.extend(unexpected("an event at the gateway", &self.webhooks, &["200"]));
        if self.forms.given_up > 0 {
            all.push(format!("{} forms were not acknowledged in the end", self.forms.given_up));
        }
        let Charges { meant, made, meant_amount, made_amount } = self.charges;
        if (meant, meant_amount) != (made, made_amount) {
            all.push(format!("{meant} charges of {meant_amount} were meant, {made} of {made_amount} were made"));
        }
        if let Some(absence) = &self.absence {
            all.extend(amiss(absence));
        }
        all
    }

    /// For a person.
    pub(super) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        for (what, value) in self.lines() {
            table.add_row([what, value.as_str()]);
        }
        table.to_string()
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let (flow, kept, charges) = (&self.flow, &self.kept, self.charges);
        let mut lines = vec![
            ("kills", format!("{} (seed {}): {}", self.kills.len(), self.seed, listed(&self.by_kind()))),
            ("requests of the load", format!("{}, {} failed: {}", flow.total, flow.failed, listed(&flow.reasons))),
            ("journeys", format!("{} of {} completed", flow.completed, flow.journeys)),
            (
                "acknowledged writes",
                format!(
                    "{}: {} lost, {} doubled, {} different",
                    kept.acknowledged, kept.lost, kept.duplicated, kept.different
                ),
            ),
            ("effects without an answer", kept.unacknowledged.to_string()),
            (
                "forms at the gateway",
                format!(
                    "{} acknowledged, {} given up: {}",
                    self.forms.acknowledged,
                    self.forms.given_up,
                    listed(&self.forms.answers)
                ),
            ),
            (
                "charges",
                format!(
                    "{} meant, {} made; {} and {} in minor units",
                    charges.meant, charges.made, charges.meant_amount, charges.made_amount
                ),
            ),
            ("events of Stripe's", listed(&self.webhooks)),
        ];
        if let Some(absence) = &self.absence {
            let Absence { seconds, answers, waiting, left } = absence;
            let text = format!(
                "{seconds} s; forms were answered {}; {waiting} leads waited, {left} in the end",
                listed(answers)
            );
            lines.push(("identity away", text));
        }
        lines.push(("found", self.failures().len().to_string()));
        lines.push(("time", elapsed(self.time)));
        lines
    }

    /// Kills by what was killed and how.
    fn by_kind(&self) -> BTreeMap<String, u64> {
        let mut kinds = BTreeMap::new();
        for kill in &self.kills {
            let how = if kill.crash { " (crashed)" } else { "" };
            *kinds.entry(format!("{}{how}", kill.of)).or_default() += 1;
        }
        kinds
    }

    /// Writes it below `dir`; where it is.
    pub(super) fn write(&self, dir: &Path) -> Result<PathBuf, Error> {
        let path = dir.join("report.json");
        let failed = |source| Error::Report { path: path.clone(), source };
        fs::create_dir_all(dir).map_err(failed)?;
        let json = json!({
            "seed": self.seed,
            "seconds": self.time.as_secs_f64(),
            "kills": { "total": self.kills.len(), "byKind": self.by_kind(), "order": self.kills },
            "load": self.flow,
            "ledger": self.kept,
            "forms": self.forms,
            "webhooks": self.webhooks,
            "charges": self.charges,
            "identityAway": self.absence,
            "failures": self.failures(),
        });
        fs::write(&path, format!("{json:#}\n")).map_err(failed)?;
        Ok(path)
    }
}

/// While Identity is away forms are accepted, and all of them; afterwards none waits.
fn amiss(absence: &Absence) -> Vec<String> {
    let Absence { answers, waiting, left, .. } = absence;
    let mut all: Vec<String> = answers
        .iter()
        .filter(|(answer, _)| *answer != "202")
        .map(|(answer, times)| format!("while identity was away, {times} forms were answered {answer}"))
        .collect();
    if *waiting == 0 {
        all.push("no lead waited for identity, so nothing is shown".to_owned());
    }
    if *left > 0 {
        all.push(format!("{left} rows of the intake are still there"));
    }
    all
}

fn unexpected(what: &str, answers: &Answers, right: &[&str]) -> Vec<String> {
    let known = |answer: &str| right.contains(&answer) || REFUSED.contains(&answer);
    let others = answers.iter().filter(|(answer, _)| !known(answer));
    others.map(|(answer, times)| format!("{what} was answered {answer}, {times} times")).collect()
}

/// The status in a reason of the load's; none where nothing was answered.
fn status(reason: &str) -> Option<&str> {
    let (_, rest) = reason.split_once("status ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next().filter(|digits| !digits.is_empty())
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    let all: Vec<String> = counts.iter().map(|(what, times)| format!("{what} {times}")).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::super::victims::Class;
    use super::*;

    fn answers(all: &[(&str, u64)]) -> Answers {
        all.iter().map(|(what, times)| ((*what).to_owned(), *times)).collect()
    }

    fn good() -> Report {
        let kill = Kill { class: Class::Database, of: "monolith".to_owned(), crash: true };
        Report {
            kills: vec![kill],
            kept: Kept { acknowledged: 9, ..Kept::default() },
            flow: Flow { reasons: answers(&[("status 503: x", 2), ("fte: timeout", 1)]), ..Flow::default() },
            forms: Forms { acknowledged: 3, given_up: 0, answers: answers(&[("201", 2), ("202", 1), (LOST, 4)]) },
            webhooks: answers(&[("200", 5), ("503", 1), ("504", 1)]),
            charges: Charges { meant: 2, made: 2, meant_amount: 3800, made_amount: 3800 },
            absence: Some(Absence { seconds: 300, answers: answers(&[("202", 70)]), waiting: 70, left: 0 }),
            ..Report::default()
        }
    }

    /// What is spoilt, and how.
    type Change = (&'static str, fn(&mut Report));

    #[test]
    fn equal_is_fine_and_everything_else_is_a_failure() {
        assert_eq!(good().failures(), Vec::<String>::new());
        let changes: [Change; 12] = [
            ("lost", |r| r.kept.lost = 1),
            ("doubled", |r| r.kept.duplicated = 1),
            ("different", |r| r.kept.different = 1),
            ("contradict", |r| r.flow.contradicting = 1),
            ("500", |r| {
                r.flow.reasons.insert("status 500: x".to_owned(), 1);
            }),
            ("403", |r| {
                r.flow.reasons.insert("fte: status 403: x".to_owned(), 1);
            }),
            ("502", |r| {
                r.forms.answers.insert("502".to_owned(), 1);
            }),
            ("in the end", |r| r.forms.given_up = 1),
            ("404", |r| {
                r.webhooks.insert("404".to_owned(), 1);
            }),
            ("were made", |r| r.charges.made = 3),
            ("nothing is shown", |r| r.kills.clear()),
            ("accounts have no owner", |r| r.findings.push("account: 1 accounts have no owner".to_owned())),
        ];
        for (said, change) in changes {
            let mut report = good();
            change(&mut report);
            let failures = report.failures();
            assert!(failures.len() == 1 && failures[0].contains(said), "{said}: {failures:?}");
        }
    }

    #[test]
    fn an_absence_is_judged() {
        for (said, change) in [("answered 503", Some(("503", 1))), ("still there", None)] {
            let mut absence = good().absence.unwrap();
            match change {
                Some((answer, times)) => *absence.answers.entry(answer.to_owned()).or_default() = times,
                None => absence.left = 1,
            }
            assert!(amiss(&absence).concat().contains(said), "{said}");
        }
        assert_eq!(amiss(&Absence::default()).len(), 1);
    }

    #[test]
    fn the_table_names_what_matters() {
        let table = good().table();
        for part in ["monolith (crashed) 1", "9: 0 lost", "2 meant, 2 made", "300 s", "status 503: x 2"] {
            assert!(table.contains(part), "{part} in\n{table}");
        }
    }
}
