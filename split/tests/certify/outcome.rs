//! What a run has come to, and what all of them come to together. Plain data.

use super::plan::Kind;
use crate::support::check::Verdict;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What became of a disturbance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Became {
    Happened,
    /// The migration was past its moment.
    Missed,
    /// There was nobody to do it to.
    Nobody,
    /// This machine doesn't let it be done.
    Impossible,
}

/// A disturbance of a run.
#[derive(Clone, Debug)]
pub struct Told {
    pub what: String,
    pub kind: Kind,
    pub became: Became,
}

/// The data has changed hands, or was about to.
#[derive(Clone, Copy, Debug)]
pub struct Turned {
    /// The longest time in which no client had a write acknowledged.
    pub pause: Duration,
    /// Nothing was disturbed meanwhile.
    pub calm: bool,
}

/// One run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub seed: u64,
    pub story: &'static str,
    pub versions: [u32; 2],
    pub verdict: Verdict,
    /// How often the checker asked, and how often both sides were open.
    pub asked: u64,
    pub both: u64,
    pub leftovers: Vec<String>,
    pub told: Vec<Told>,
    pub turns: Vec<Turned>,
    pub workers: u32,
    pub errors: BTreeMap<String, u64>,
    /// Why it has not come to the end that it should.
    pub failure: Option<String>,
    pub took: Duration,
}

impl Outcome {
    /// Whether everything is as it should be.
    pub fn is_clean(&self) -> bool {
        self.verdict.is_clean() && self.both == 0 && self.leftovers.is_empty() && self.failure.is_none()
    }

    /// A line for a person.
    pub fn line(&self) -> String {
        let Verdict { acknowledged, lost, duplicated, reordered, unacknowledged } = self.verdict;
        let told: Vec<String> = self.told.iter().map(|told| format!("{} ({:?})", told.what, told.became)).collect();
        format!(
            "{} seed {}: {}, {:?}, {:.0} s, {acknowledged} acknowledged, lost {lost}, duplicated {duplicated}, reordered \
             {reordered}, unknown {unacknowledged}, both writable {}, left over {:?}, pauses {:?}; {}{}",
            if self.is_clean() { "ok" } else { "FOUND" },
            self.seed,
            self.story,
            self.versions,
            self.took.as_secs_f64(),
            self.both,
            self.leftovers,
            self.turns.iter().map(|turn| (turn.pause.as_millis(), turn.calm)).collect::<Vec<_>>(),
            told.join("; "),
            self.failure.as_ref().map(|why| format!("; {why}")).unwrap_or_default()
        )
    }
}
