//! Numbers for Prometheus. In come counts from the other rooms; out goes the text of `/metrics`.
//! Must not carry personal data: labels are routes, methods, states, reasons, never values of a request.

use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// A metric that could not be made or read: a mistake in a name, hence a bug.
#[derive(Debug, thiserror::Error)]
#[error("registering or writing a metric")]
pub struct MetricsError(#[from] prometheus::Error);

/// Buckets in seconds, from a cached read to a request that waited for a cutover.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 5.0];

/// Buckets in calls, from one that came alone to as many as a batch takes.
const CALLS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// All metrics of a process.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    /// Answered requests by `method`, `route` and `status`.
    pub requests: IntCounterVec,
    /// Time to an answer in seconds, by `method` and `route`.
    pub request_seconds: HistogramVec,
    /// Requests being worked on.
    pub in_flight: IntGauge,
    /// Metrics of the database handle.
    pub pool: PoolMetrics,
    /// Calls to other services by `service` and `outcome`.
    pub calls: IntCounterVec,
    /// Lookups by `cache` and `outcome` (`hit`, `miss`; `renewed`: answered and loaded behind the answer; `kept`: that
    /// load failed).
    pub cache: IntCounterVec,
    /// Metrics of the certificate and of callers.
    pub tls: TlsMetrics,
    /// Metrics of events.
    pub events: EventMetrics,
}

/// Metrics of events. `type` is a name of the catalogue, `unknown` for what this service doesn't want.
#[derive(Debug, Clone)]
pub struct EventMetrics {
    /// Events that wait to be published, by `state` (`waiting`, `dead`).
    pub outbox: IntGaugeVec,
    /// Age of the oldest of them in seconds.
    pub outbox_age_seconds: IntGauge,
    /// Attempts to publish by `type` and `outcome` (`published`, `away`: nobody answers; `refused`).
    pub published: IntCounterVec,
    /// Deliveries by `type` and `outcome` (`stored`, `parked`, `repeated`, `ignored`: nobody here wants it; `broken`: no event of its type).
    pub received: IntCounterVec,
    /// Attempts at an effect by `type` and `outcome` (`done`, `repeated`: done before; `failed`, `dead`: given up).
    pub handled: IntCounterVec,
    /// Events whose effect is to come, by `state` (`waiting`, `parked`, `dead`).
    pub inbox: IntGaugeVec,
}

/// Metrics of the certificate and of callers.
#[derive(Debug, Clone)]
pub struct TlsMetrics {
    /// Handshakes by `outcome` (`ok`, `refused`, `failed`, `timed_out`, `broken`).
    pub handshakes: IntCounterVec,
    /// Requests by what the list of callers says, `outcome` (`allowed`, `denied`, `would_deny`).
    pub callers: IntCounterVec,
    /// Versions of the certificate files by `outcome` (`used`, `failed`).
    pub reloads: IntCounterVec,
    /// When the certificate in use ends, in seconds since 1970; 0 without one.
    pub certificate_end: IntGauge,
}

/// Metrics of who may do what. Services alone have them.
#[derive(Debug, Clone)]
pub struct AccessMetrics {
    /// 1 where requests are refused to whom they aren't for; 0 where nothing can be proved, or nobody is refused (Audit).
    pub enforced: IntGauge,
    /// Requests by `outcome` (`allowed`, `denied`, `would_deny`; `unchecked`: nothing can be proved).
    pub requests: IntCounterVec,
}

/// Metrics of the database handle.
#[derive(Debug, Clone)]
pub struct PoolMetrics {
    /// Repeated transactions by `reason`.
    pub retries: IntCounterVec,
    /// 1 for the side that requests go to, 0 for the other, by `side` (`current`, `next`).
    pub active: IntGaugeVec,
    /// Looks at the owner rows by `outcome`.
    pub lookups: IntCounterVec,
    /// How often requests went over to the other side.
    pub switches: IntCounterVec,
    /// Open connections by `side` and `state` (`idle`, `busy`).
    pub connections: IntGaugeVec,
    /// How often a connection to the next side planned what requests run.
    pub rehearsals: IntCounter,
    /// Idle connections to the next side that have nothing left to plan.
    pub rehearsed: IntGauge,
    /// Transactions given up, by `outcome`.
    pub failures: IntCounterVec,
    /// Calls that were worked on together, by `batch`.
    pub batches: HistogramVec,
}

impl Metrics {
    /// # Errors
    /// When a name is used twice.
    pub fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let seconds =
            HistogramOpts::new("rerp_http_request_duration_seconds", "Time to an answer").buckets(BUCKETS.to_vec());
        let metrics = Self {
            requests: counter(
                &registry,
                "rerp_http_requests_total",
                "Answered requests",
                &["method", "route", "status"],
            )?,
            request_seconds: HistogramVec::new(seconds, &["method", "route"])?,
            in_flight: IntGauge::new("rerp_http_requests_in_flight", "Requests being worked on")?,
            pool: PoolMetrics::new(&registry)?,
            calls: counter(
                &registry,
                "rerp_client_requests_total",
                "Calls to other services",
                &["service", "outcome"],
            )?,
            cache: counter(&registry, "rerp_cache_lookups_total", "Lookups in caches", &["cache", "outcome"])?,
            tls: TlsMetrics::new(&registry)?,
            events: EventMetrics::new(&registry)?,
            registry,
        };
        metrics.registry.register(Box::new(metrics.request_seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.in_flight.clone()))?;
        Ok(metrics)
    }

    /// Numbers of a service's own that go up and down, by `labels`.
    ///
    /// # Errors
    /// When the name is used twice.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, MetricsError> {
        gauge(&self.registry, name, help, labels)
    }

    /// Numbers of a service's own that only grow, by `labels`.
    ///
    /// # Errors
    /// When the name is used twice.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, MetricsError> {
        counter(&self.registry, name, help, labels)
    }

    /// Metrics of who may do what.
    ///
    /// # Errors
    /// When they were asked for before.
    pub fn access(&self) -> Result<AccessMetrics, MetricsError> {
        let enforced = IntGauge::new("rerp_access_enforced", "1 where requests are refused to whom they aren't for")?;
        self.registry.register(Box::new(enforced.clone()))?;
        let requests =
            counter(&self.registry, "rerp_access_requests_total", "Requests by what the table says", &["outcome"])?;
        Ok(AccessMetrics { enforced, requests })
    }

    /// The page Prometheus reads.
    ///
    /// # Errors
    /// When a metric can't be written as text.
    pub fn page(&self) -> Result<String, MetricsError> {
        let mut page = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut page)?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }
}

impl TlsMetrics {
    fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let certificate_end = IntGauge::new("rerp_tls_certificate_end_seconds", "When the certificate in use ends")?;
        registry.register(Box::new(certificate_end.clone()))?;
        Ok(Self {
            handshakes: counter(registry, "rerp_tls_handshakes_total", "Handshakes of callers", &["outcome"])?,
            callers: counter(registry, "rerp_tls_callers_total", "Requests by the list of callers", &["outcome"])?,
            reloads: counter(registry, "rerp_tls_reloads_total", "Versions of the certificate files", &["outcome"])?,
            certificate_end,
        })
    }
}

impl EventMetrics {
    fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let outbox_age_seconds =
            IntGauge::new("rerp_events_outbox_age_seconds", "Age of the oldest event that waits to be published")?;
        registry.register(Box::new(outbox_age_seconds.clone()))?;
        let by = &["type", "outcome"];
        Ok(Self {
            outbox: gauge(registry, "rerp_events_outbox", "Events that wait to be published", &["state"])?,
            outbox_age_seconds,
            published: counter(registry, "rerp_events_published_total", "Attempts to publish an event", by)?,
            received: counter(registry, "rerp_events_received_total", "Deliveries of events", by)?,
            handled: counter(registry, "rerp_events_handled_total", "Attempts at the effect of an event", by)?,
            inbox: gauge(registry, "rerp_events_inbox", "Events whose effect is to come", &["state"])?,
        })
    }
}

impl PoolMetrics {
    fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let rehearsals =
            IntCounter::new("rerp_db_rehearsals_total", "Plannings of what requests run, on the next side")?;
        let rehearsed = IntGauge::new("rerp_db_rehearsed_connections", "Connections with nothing left to plan")?;
        registry.register(Box::new(rehearsals.clone()))?;
        registry.register(Box::new(rehearsed.clone()))?;
        let calls = HistogramOpts::new("rerp_db_batch_calls", "Calls that were worked on together");
        let batches = HistogramVec::new(calls.buckets(CALLS.to_vec()), &["batch"])?;
        registry.register(Box::new(batches.clone()))?;
        Ok(Self {
            retries: counter(registry, "rerp_db_retries_total", "Repeated transactions", &["reason"])?,
            active: gauge(registry, "rerp_db_active_side", "1 for the side in use", &["side"])?,
            lookups: counter(registry, "rerp_db_owner_lookups_total", "Looks at the owner rows", &["outcome"])?,
            switches: counter(registry, "rerp_db_switches_total", "Changes of the side in use", &["to"])?,
            connections: gauge(registry, "rerp_db_connections", "Open connections", &["side", "state"])?,
            rehearsals,
            rehearsed,
            failures: counter(registry, "rerp_db_failures_total", "Transactions given up", &["outcome"])?,
            batches,
        })
    }
}

fn counter(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, MetricsError> {
    let metric = IntCounterVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

fn gauge(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, MetricsError> {
    let metric = IntGaugeVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}
