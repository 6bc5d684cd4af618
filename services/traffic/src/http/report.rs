//! What a run amounts to, as JSON. In: a view of a run and the window asked for. Out: [`Report`].

use crate::ledger::book::Companies;
use crate::ledger::clock::Clock;
use crate::ledger::entry::Failure;
use crate::ledger::gap::Gap;
use crate::ledger::logbook::Figures;
use crate::ledger::percentile::{Latency, millis};
use crate::load::control::View;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `?at=…&beforeMs=…&afterMs=…`: the instant to look around.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Window {
    /// RFC 3339 instant, for instance the moment of a cutover.
    pub at: Option<Timestamp>,
    /// How long before it the window begins, in milliseconds; 2000 unless told, at most 600,000.
    pub before_ms: Option<u64>,
    /// How long after it the window ends; as above.
    pub after_ms: Option<u64>,
}

const WINDOW_MS: u64 = 2_000;
const MAX_WINDOW_MS: u64 = 600_000;

/// A run in figures. `total`, `failed`, `reasons` and `failures` are of forms and journeys, and so is `acknowledged`, which counts writes
/// alone: a read that was answered is in `total` only. Everything else but `journeys` is of forms: each of these writes to identity at once,
/// and a journey takes as long as its seven steps do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Name of the run; every address it sent contains it.
    pub run: String,
    /// Whether it is still sending.
    pub running: bool,
    /// When it started.
    pub started_at: Timestamp,
    /// Seconds from its start to the end of its last form so far.
    pub seconds: f64,
    /// Connections of the forms.
    pub connections: usize,
    /// Forms per second wanted.
    pub rate_wanted: u32,
    /// Forms per second held over the whole run.
    pub rate_held: f64,
    /// Forms per second in the weakest ten seconds.
    pub rate_lowest: Option<f64>,
    /// Requests that ended.
    pub total: u64,
    /// Of these: writes that were acknowledged, as many as the ledgers have lines.
    pub acknowledged: u64,
    /// Of these: failed, for whatever reason.
    pub failed: u64,
    /// Failures by reason.
    pub reasons: BTreeMap<String, u64>,
    /// The first failures in full.
    pub failures: Vec<Failure>,
    /// Latency from the moment a form was due.
    pub latency: Option<Latency>,
    /// What was acknowledged about companies.
    pub companies: Companies,
    /// The journeys.
    pub journeys: Figures,
    /// The longest time without an acknowledgement.
    pub longest_gap: Option<Pause>,
    /// The same for the window asked for.
    pub window: Option<WindowReport>,
}

/// A gap with its wall-clock times.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// Length in milliseconds, from the monotonic clock.
    pub ms: f64,
    /// The write or acknowledgement before it.
    pub from: Timestamp,
    /// The one after it.
    pub to: Timestamp,
}

/// What happened around an instant.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowReport {
    /// The instant.
    pub at: Timestamp,
    /// How long before it the window begins, in milliseconds.
    pub before_ms: u64,
    /// How long after it the window ends, in milliseconds.
    pub after_ms: u64,
    /// The longest time without an acknowledgement that touches the window.
    pub longest_gap: Option<Pause>,
    /// The longest time without a write that was acknowledged: the write pause, when the instant is a cutover.
    pub write_pause: Option<Pause>,
}

impl Report {
    /// Sums up the run so far.
    #[must_use]
    pub fn of(view: &View, window: &Window) -> Self {
        let run = &view.run;
        let clock = run.book.clock;
        let mut summary = run.book.summary();
        let journeys = run.journeys.as_ref().map(|journeys| journeys.log.summary()).unwrap_or_default();
        summary.failures.extend(journeys.failures);
        for (reason, times) in journeys.reasons {
            *summary.reasons.entry(reason).or_default() += times;
        }
        Self {
            run: run.name.clone(),
            running: view.running,
            started_at: clock.wall(0),
            seconds: summary.seconds,
            connections: run.plan.connections,
            rate_wanted: run.plan.rate,
            rate_held: summary.rate,
            rate_lowest: summary.rate_lowest,
            total: summary.total + journeys.figures.requests,
            acknowledged: summary.acknowledged + journeys.acknowledged,
            failed: summary.failed + journeys.figures.failed,
            reasons: summary.reasons,
            failures: summary.failures,
            latency: summary.latency,
            longest_gap: summary.longest.map(|gap| pause(&clock, gap)),
            companies: summary.companies,
            journeys: journeys.figures,
            window: window.at.map(|at| around(view, at, window)),
        }
    }
}

fn around(view: &View, at: Timestamp, window: &Window) -> WindowReport {
    let bounded = |wanted: Option<u64>| wanted.unwrap_or(WINDOW_MS).min(MAX_WINDOW_MS);
    let (before_ms, after_ms) = (bounded(window.before_ms), bounded(window.after_ms));
    let book = &view.run.book;
    let instant = book.clock.micros_of(at);
    let span = instant.saturating_sub(before_ms * 1000)..=instant.saturating_add(after_ms * 1000);
    let told = |gap: Option<Gap>| gap.map(|gap| pause(&book.clock, gap));
    let (longest_gap, write_pause) = (told(book.longest_gap(&span)), told(book.longest_pause(&span)));
    WindowReport { at, before_ms, after_ms, longest_gap, write_pause }
}

fn pause(clock: &Clock, gap: Gap) -> Pause {
    Pause { ms: millis(gap.micros()), from: clock.wall(gap.from_us), to: clock.wall(gap.to_us) }
}
