//! The certificate: all outcomes as one document, and whether it may be shown.
//!
//! In: outcomes and what was counted of weakened fences. Out: JSON, and what is wrong with it in words. Pure.

use super::outcome::{Became, Outcome};
use super::plan::NAMES;
use super::weak::Caught;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that was done.
pub struct Certificate {
    pub seed: u64,
    pub wanted: usize,
    pub outcomes: Vec<Outcome>,
    pub weakened: Vec<Caught>,
    /// Versions that should be among those tried, and aren't installed.
    pub missing: Vec<u32>,
    pub took: Duration,
}

impl Certificate {
    fn sum(&self, of: impl Fn(&Outcome) -> usize) -> usize {
        self.outcomes.iter().map(of).sum()
    }

    /// Why it is none; nothing if it is one.
    pub fn failures(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.outcomes.iter().filter(|outcome| !outcome.is_clean()).map(Outcome::line).collect();
        if self.outcomes.len() != self.wanted {
            all.push(format!("{} of {} runs were made", self.outcomes.len(), self.wanted));
        }
        let missed = self.weakened.iter().filter(|caught| !caught.caught);
        all.extend(missed.map(|caught| format!("a weakened fence was not counted: {caught:?}")));
        if self.weakened.len() < 3 {
            all.push("fewer than three weakened fences were tried".to_owned());
        }
        let happened = self.sum(|outcome| outcome.told.iter().filter(|told| told.became == Became::Happened).count());
        if happened == 0 {
            all.push("nothing was disturbed, so nothing is shown".to_owned());
        }
        all
    }

    /// The document.
    pub fn json(&self) -> Value {
        let calm = self.pauses(true);
        let all = self.pauses(false);
        json!({
            "seed": self.seed,
            "runs": self.outcomes.len(),
            "lost": self.sum(|outcome| outcome.verdict.lost),
            "duplicated": self.sum(|outcome| outcome.verdict.duplicated + outcome.verdict.unacknowledged),
            "reordered": self.sum(|outcome| outcome.verdict.reordered),
            "bothWritable": self.sum(|outcome| outcome.both as usize),
            "leftovers": self.sum(|outcome| outcome.leftovers.len()),
            "unfinished": self.sum(|outcome| usize::from(outcome.failure.is_some())),
            "worstPauseMs": calm.last(),
            "p50PauseMs": quantile(&calm, 50),
            "p99PauseMs": quantile(&calm, 99),
            "pauses": calm.len(),
            "disturbedPauses": { "worstMs": all.last(), "p50Ms": quantile(&all, 50), "count": all.len() },
            "acknowledged": self.sum(|outcome| outcome.verdict.acknowledged),
            "asked": self.sum(|outcome| outcome.asked as usize),
            "workers": self.sum(|outcome| outcome.workers as usize),
            "stories": self.count(|outcome| outcome.story.to_owned()),
            "versions": self.count(|outcome| format!("{} to {}", outcome.versions[0], outcome.versions[1])),
            "disturbances": self.disturbances(),
            "weakened": self.weakened,
            "notTried": self.not_tried(),
            "seconds": self.took.as_secs_f64(),
            "failures": self.failures(),
            "seeds": self.outcomes.iter().map(Self::each).collect::<Vec<_>>(),
        })
    }

    fn each(outcome: &Outcome) -> Value {
        let told: Vec<_> = outcome.told.iter().map(|told| json!([told.what, told.became])).collect();
        json!({
            "seed": outcome.seed,
            "story": outcome.story,
            "clean": outcome.is_clean(),
            "acknowledged": outcome.verdict.acknowledged,
            "pausesMs": outcome.turns.iter().map(|turn| millis(turn.pause)).collect::<Vec<_>>(),
            "disturbances": told,
            "refused": outcome.errors,
            "seconds": outcome.took.as_secs_f64(),
        })
    }

    /// Pauses in milliseconds, shortest first: of turns that nothing disturbed, or of the others.
    fn pauses(&self, calm: bool) -> Vec<f64> {
        let turns = self.outcomes.iter().flat_map(|outcome| &outcome.turns);
        let mut all: Vec<f64> = turns.filter(|turn| turn.calm == calm).map(|turn| millis(turn.pause)).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    fn count(&self, of: impl Fn(&Outcome) -> String) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for outcome in &self.outcomes {
            *counts.entry(of(outcome)).or_default() += 1;
        }
        counts
    }

    /// By kind: how often each was planned and what became of it.
    fn disturbances(&self) -> BTreeMap<&'static str, Value> {
        let of = |name: &'static str, became: Became| {
            let told = self.outcomes.iter().flat_map(|outcome| &outcome.told);
            told.filter(|told| told.kind.name() == name && told.became == became).count()
        };
        let line = |name| {
            json!({
                "happened": of(name, Became::Happened),
                "missed": of(name, Became::Missed),
                "nobody": of(name, Became::Nobody),
                "impossible": of(name, Became::Impossible),
            })
        };
        NAMES.into_iter().map(|name| (name, line(name))).collect()
    }

    fn not_tried(&self) -> Vec<Value> {
        let mut all = vec![json!({
            "what": "kills, freezes and doublings of the operator",
            "why": "needs a cluster: `cargo xtask chaos --split` and the demo kill it there",
        })];
        let versions = self.missing.iter();
        all.extend(
            versions.map(|major| json!({ "what": format!("PostgreSQL {major}"), "why": "is not installed here" })),
        );
        let told = self.outcomes.iter().flat_map(|outcome| &outcome.told);
        let impossible = told.filter(|told| told.became == Became::Impossible).count();
        if impossible > 0 {
            let why = "no file system could be mounted, for which one must be root";
            all.push(json!({ "what": "disk full", "times": impossible, "why": why }));
        }
        all
    }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

/// The smallest value that so many of a hundred don't exceed.
fn quantile(sorted: &[f64], percent: usize) -> Option<f64> {
    let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::super::outcome::{Told, Turned};
    use super::super::plan::Kind;
    use super::*;
    use crate::support::check::Verdict;

    fn good() -> Certificate {
        let told = Told { what: "x".to_owned(), kind: Kind::WorkerKilled, became: Became::Happened };
        let turn = |ms, calm| Turned { pause: Duration::from_millis(ms), calm };
        let outcome = Outcome {
            told: vec![told],
            turns: vec![turn(70, true), turn(2_000, false), turn(50, true)],
            verdict: Verdict { acknowledged: 9, ..Verdict::default() },
            ..Outcome::default()
        };
        let caught = Caught {
            weakness: "w".to_owned(),
            must_count: vec!["lost"],
            lost: 1,
            duplicated: 0,
            reordered: 0,
            both_writable: 0,
            leftovers: 0,
            caught: true,
        };
        let (weakened, took) = (vec![caught.clone(), caught.clone(), caught], Duration::from_secs(1));
        Certificate { seed: 1, wanted: 1, outcomes: vec![outcome], weakened, missing: vec![17], took }
    }

    /// What is said, and what is spoilt.
    type Change = (&'static str, fn(&mut Certificate));

    #[test]
    fn whatever_was_counted_makes_it_no_certificate() {
        assert_eq!(good().failures(), Vec::<String>::new());
        let changes: [Change; 11] = [
            ("lost 1", |c| c.outcomes[0].verdict.lost = 1),
            ("duplicated 1", |c| c.outcomes[0].verdict.duplicated = 1),
            ("reordered 1", |c| c.outcomes[0].verdict.reordered = 1),
            ("unknown 1", |c| c.outcomes[0].verdict.unacknowledged = 1),
            ("both writable 1", |c| c.outcomes[0].both = 1),
            ("slot x", |c| c.outcomes[0].leftovers.push("slot x".to_owned())),
            ("still Copy", |c| c.outcomes[0].failure = Some("still Copy".to_owned())),
            ("1 of 2 runs", |c| c.wanted = 2),
            ("not counted", |c| c.weakened[1].caught = false),
            ("fewer than three", |c| drop(c.weakened.pop())),
            ("nothing was disturbed", |c| c.outcomes[0].told.clear()),
        ];
        for (said, change) in changes {
            let mut certificate = good();
            change(&mut certificate);
            let failures = certificate.failures();
            assert!(failures.len() == 1 && failures[0].contains(said), "{said}: {failures:?}");
        }
    }

    #[test]
    fn the_document_has_the_figures() {
        let json = good().json();
        assert_eq!(
            (&json["worstPauseMs"], &json["p50PauseMs"], &json["pauses"]),
            (&70.0.into(), &50.0.into(), &2.into())
        );
        assert_eq!(json["disturbedPauses"]["worstMs"], 2000.0);
        assert_eq!(json["disturbances"]["worker killed"]["happened"], 1);
        assert_eq!(json["notTried"].as_array().unwrap().len(), 2, "{json}");
        assert_eq!(quantile(&[], 99), None);
    }
}
