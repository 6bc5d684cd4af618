//! The closed list of measures. Labels are closed enums, never object names or error texts, so that
//! the number of series doesn't grow with the cluster.
//! In: observations from `run`, `leader` and `cluster`. Out: the text format for `/metrics`.

use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use std::time::Duration;

/// Every measure of the operator. Cheap to clone: the vectors are shared.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    reconciles: IntCounterVec,
    duration: HistogramVec,
    writes: IntCounterVec,
    leader: IntGauge,
    changing: IntGauge,
    lacking: IntGauge,
}

impl Metrics {
    /// Builds and registers all measures. Fails only if two of them had the same name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let reconciles = IntCounterVec::new(
            Opts::new("rerp_operator_reconciles_total", "Finished reconciles by controller and outcome."),
            &["controller", "outcome"],
        )?;
        let duration = HistogramVec::new(
            HistogramOpts::new("rerp_operator_reconcile_duration_seconds", "Time of one reconcile.")
                .buckets(vec![0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0]),
            &["controller"],
        )?;
        let writes = IntCounterVec::new(
            Opts::new("rerp_operator_writes_total", "Mutating calls to the Kubernetes API, by verb."),
            &["verb"],
        )?;
        let leader = IntGauge::new("rerp_operator_leader", "1 while this process holds the lease.")?;
        registry.register(Box::new(reconciles.clone()))?;
        registry.register(Box::new(duration.clone()))?;
        registry.register(Box::new(writes.clone()))?;
        let changing = IntGauge::new("rerp_operator_authority_changing", "1 while the certificate authority changes.")?;
        let lacking = IntGauge::new(
            "rerp_operator_authority_lacking",
            "Secrets and ConfigMaps that the change of the certificate authority waits for.",
        )?;
        registry.register(Box::new(leader.clone()))?;
        registry.register(Box::new(changing.clone()))?;
        registry.register(Box::new(lacking.clone()))?;
        Ok(Self { registry, reconciles, duration, writes, leader, changing, lacking })
    }

    /// Counts one reconcile and how long it took. `outcome` is `Outcome::label`.
    pub fn reconciled(&self, controller: &str, outcome: &str, took: Duration) {
        self.reconciles.with_label_values(&[controller, outcome]).inc();
        self.duration.with_label_values(&[controller]).observe(took.as_secs_f64());
    }

    /// Counts one mutating call. `verb` is one of apply, create, update, status, delete, event.
    pub fn wrote(&self, verb: &str) {
        self.writes.with_label_values(&[verb]).inc();
    }

    /// How many mutating calls with this verb were made by this process.
    pub fn writes(&self, verb: &str) -> u64 {
        self.writes.with_label_values(&[verb]).get()
    }

    /// Says whether this process leads.
    pub fn lead(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// Says whether the certificate authority changes, and how many the change waits for.
    pub fn authority(&self, changing: bool, lacking: usize) {
        self.changing.set(i64::from(changing));
        self.lacking.set(i64::try_from(lacking).unwrap_or(i64::MAX));
    }

    /// The Prometheus text exposition of everything registered.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_what_was_observed() {
        let metrics = Metrics::new().expect("no duplicate names");
        metrics.reconciled("database", "done", Duration::from_millis(3));
        metrics.wrote("apply");
        metrics.lead(true);
        let text = metrics.render().expect("text");
        assert!(text.contains(r#"rerp_operator_reconciles_total{controller="database",outcome="done"} 1"#));
        assert!(text.contains("rerp_operator_leader 1"));
        assert_eq!(metrics.writes("apply"), 1);
    }
}
