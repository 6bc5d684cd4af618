//! `POST /trading/patterns`: parse, call, answer.

use crate::trading::pattern::{self, Candle, Pattern, Scanner};
use rerp_kit::http::Json;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use serde::{Deserialize, Serialize};

/// Most bars of a request. All patterns over so many take milliseconds, which is why they are looked for on the spot.
const MOST_BARS: usize = 5_000;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// Bars, oldest first.
    bars: Vec<Candle>,
    /// Names of patterns; all of them unless told.
    patterns: Option<Vec<String>>,
}

/// A pattern at a bar.
#[derive(Debug, Serialize)]
pub(super) struct Hit {
    /// Place of the bar, from 0.
    bar: usize,
    /// Name of the pattern.
    pattern: &'static str,
    /// What it says: 100 and more is bullish, -100 and less bearish, 80 and -80 are weak forms.
    answer: i32,
}

/// What is answered.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// By bar, then by name.
    hits: Vec<Hit>,
}

/// Looks for patterns.
pub(super) async fn detect(Json(question): Json<Question>) -> Result<axum::Json<Answer>, Problem> {
    let patterns = wanted(question.patterns.as_deref())?;
    if question.bars.len() > MOST_BARS {
        return Err(Problem::new(INVALID_VALUE).field("/bars", format!("at most {MOST_BARS} bars")));
    }
    for (at, bar) in question.bars.iter().enumerate() {
        if let Some(mistake) = bar.mistake() {
            return Err(Problem::new(INVALID_VALUE).field(&format!("/bars/{at}"), mistake));
        }
    }
    Ok(axum::Json(Answer { hits: hits(&question.bars, &patterns) }))
}

fn wanted(names: Option<&[String]>) -> Result<Vec<&'static Pattern>, Problem> {
    let Some(names) = names else { return Ok(pattern::all().collect()) };
    let unknown = |at: usize| Problem::new(INVALID_VALUE).field(&format!("/patterns/{at}"), "no pattern has this name");
    let mut patterns = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let pattern = pattern::named(name).ok_or_else(|| unknown(at))?;
        // Named twice is wanted once: a request must not multiply the work.
        if patterns.iter().all(|other: &&Pattern| other.name != pattern.name) {
            patterns.push(pattern);
        }
    }
    Ok(patterns)
}

fn hits(bars: &[Candle], patterns: &[&'static Pattern]) -> Vec<Hit> {
    let scanner = Scanner::new(bars);
    let mut hits: Vec<Hit> = Vec::new();
    for pattern in patterns {
        let answers = scanner.answers(pattern).into_iter().enumerate().filter(|(_, answer)| *answer != 0);
        hits.extend(answers.map(|(bar, answer)| Hit { bar, pattern: pattern.name, answer }));
    }
    hits.sort_by_key(|hit| (hit.bar, hit.pattern));
    hits
}
