//! The load generator from outside: start, look, stop, ledger. In: the cluster. Out: its reports.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Error;
use super::journeys::Line;
use super::kube::{Kube, parse};
use super::ledger::Entry;

const SERVICE: &str = "traffic";
/// How long after the cutover a stall counts as a part of it, in milliseconds.
const AFTERWARDS_MS: u32 = 250;

/// What the load generator reports about its run; more is there, this is what the demo judges by.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Load {
    /// Name of the run, part of every address it sent.
    pub(super) run: String,
    /// RFC 3339.
    pub(super) started_at: String,
    pub(super) running: bool,
    pub(super) total: u64,
    pub(super) acknowledged: u64,
    pub(super) failed: u64,
    /// Failures by reason.
    pub(super) reasons: std::collections::BTreeMap<String, u64>,
    /// Requests per second over the whole run.
    pub(super) rate_held: f64,
    /// Requests per second in the weakest ten seconds.
    pub(super) rate_lowest: Option<f64>,
    pub(super) latency: Option<Latency>,
    pub(super) companies: Companies,
    pub(super) journeys: Journeys,
    window: Option<Window>,
}

/// What the load generator saw of companies.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Companies {
    /// Answered with another id than an earlier spelling of the same name, or for a form that named none.
    pub(super) contradicting: u64,
}

/// Journeys in figures: what the load generator reports, and so does the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Journeys {
    pub(super) started: u64,
    /// Came to their end, and saw all that had been acknowledged.
    pub(super) completed: u64,
    /// Requests of all of them, which the run's total counts too.
    pub(super) requests: u64,
    /// Ended with a request that failed.
    pub(super) failed: u64,
    /// Were shown something else than had been acknowledged.
    pub(super) contradicting: u64,
}

/// Milliseconds from the moment a request was due.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Latency {
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    longest_gap: Option<Gap>,
    write_pause: Option<Gap>,
}

#[derive(Debug, Clone, Deserialize)]
struct Gap {
    ms: f64,
}

impl Load {
    /// The longest time without a write around the instant that was asked about, in milliseconds.
    pub(super) fn pause_ms(&self) -> Option<f64> {
        self.window.as_ref()?.write_pause.as_ref().map(|gap| gap.ms)
    }

    /// The longest time without an acknowledgement there.
    pub(super) fn silence_ms(&self) -> Option<f64> {
        self.window.as_ref()?.longest_gap.as_ref().map(|gap| gap.ms)
    }
}

/// What the load generator is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wish {
    /// Forms a second.
    pub(crate) rate: u32,
    /// Journeys a second, with the people of a data set of so many rows.
    pub(crate) journeys: u32,
    pub(crate) seed_rows: u64,
    /// It ends by itself then, should nobody stop it.
    pub(crate) max_seconds: u64,
    /// How long an answer may take before its request has failed; none: as long as the manifest says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_seconds: Option<u64>,
}

/// Starts a run.
pub(super) fn start(kube: Kube<'_>, wish: Wish) -> Result<Load, Error> {
    parse("the load generator's answer", &kube.proxy_post(SERVICE, "/start", &json!(wish))?)
}

/// How it goes.
pub(super) fn report(kube: Kube<'_>) -> Result<Load, Error> {
    parse("the load generator's report", &kube.proxy_get(SERVICE, "/report")?)
}

/// How it went while writes were paused for `pause_ms` up to `at` (RFC 3339), and in the quarter of a second after it:
/// a stall right after the pause is a part of it for those who wait. A cutover that another worker finished has no pause of
/// the engine's; then it is a second on either side.
pub(super) fn report_around(kube: Kube<'_>, at: &str, pause_ms: f64) -> Result<Load, Error> {
    let (before, after) = if pause_ms > 0.0 { (pause_ms.ceil(), AFTERWARDS_MS) } else { (1000.0, 1000) };
    let query = format!("/report?at={at}&beforeMs={before}&afterMs={after}");
    parse("the load generator's report", &kube.proxy_get(SERVICE, &query)?)
}

/// Stops the run and waits for the answers still out.
pub(super) fn stop(kube: Kube<'_>) -> Result<Load, Error> {
    parse("the load generator's answer", &kube.proxy_post(SERVICE, "/stop", &json!({}))?)
}

/// Every acknowledged write of a journey.
pub(super) fn journeys(kube: Kube<'_>) -> Result<Vec<Line>, Error> {
    kube.proxy_get(SERVICE, "/journeys")?.lines().map(|line| parse("a line of the journeys' ledger", line)).collect()
}

/// Every acknowledged form.
pub(super) fn ledger(kube: Kube<'_>) -> Result<Vec<Entry>, Error> {
    kube.proxy_get(SERVICE, "/ledger")?.lines().map(|line| parse("a line of the ledger", line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let json = r#"{"run":"r1","running":false,"startedAt":"2026-01-01T00:00:00Z","seconds":1.0,"connections":16,"rateWanted":250,
            "rateHeld":249.9,"rateLowest":null,"total":3,"acknowledged":2,"failed":1,"reasons":{"timeout":1},"failures":[],
            "latency":{"p50Ms":4.0,"p99Ms":9.0,"maxMs":80.5},"longestGap":null,"companies":{"named":1,"pending":0,"contradicting":2},
            "journeys":{"started":4,"completed":1,"requests":9,"failed":1,"contradicting":2},
            "window":{"at":"2026-01-01T00:00:00Z","beforeMs":40,"afterMs":250,"longestGap":{"ms":77.5,"from":"a","to":"b"},"writePause":{"ms":72.5,"from":"a","to":"b"}}}"#;
        let load: Load = parse("it", json).unwrap();
        assert_eq!((load.pause_ms(), load.silence_ms()), (Some(72.5), Some(77.5)));
        assert_eq!((load.reasons["timeout"], load.companies.contradicting), (1, 2));
        assert_eq!((load.journeys.requests, load.journeys.contradicting), (9, 2));
    }
}
