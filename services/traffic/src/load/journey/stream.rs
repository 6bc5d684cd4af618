//! The stream of journeys. In: a run. Out: a filled logbook. Open loop, as for forms: journey `n` is due at `n / rate`, as far as the
//! connections allow.

use super::declare::Offer;
use super::people::People;
use super::step::Places;
use super::travel::Journey;
use super::voice::Voice;
use crate::ledger::logbook::Logbook;
use crate::load::run::Run;
use std::sync::Arc;

/// Journeys under way at once. Each has one request at a time, over a connection for each service.
pub const CONNECTIONS: usize = 4;

/// What all journeys of a run share.
#[derive(Debug)]
pub struct Stream {
    /// Where they go.
    pub places: Places,
    /// Whose they are.
    pub people: Arc<People>,
    /// What they subscribe to, and what they learn.
    pub offer: Offer,
    /// In whose name it is asked.
    pub voice: Voice,
    /// Where outcomes go.
    pub log: Logbook,
}

/// Carries out one journey after the other until the run ends or everybody has had one. One that has begun goes on to its end, which is
/// near: a step waits no longer than the timeout.
pub(in crate::load) async fn worker(run: Arc<Run>, client: reqwest::Client) {
    let Some(stream) = &run.journeys else { return };
    let origin = tokio::time::Instant::from_std(run.book.clock.origin());
    while let Some((n, person)) = stream.people.next() {
        let due = run.plan.journey_due(n);
        if due >= run.plan.max_time {
            return;
        }
        tokio::select! {
            biased;
            () = run.stop.cancelled() => return,
            () = tokio::time::sleep_until(origin + due) => {}
        }
        Journey { run: &run, stream, client: &client, n, person }.go().await;
    }
    tracing::info!(run = run.name, "everybody has had a journey");
}
