//! Settings of `traffic serve`. In: arguments and environment. Out: checked values.

use crate::load::plan::{OutOfBounds, Plan};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// What `serve` can be told.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Base URL of the marketing service.
    #[arg(long, env = "RERP_MARKETING_URL")]
    pub marketing_url: String,
    /// Requests per second.
    #[arg(long, env = "RERP_TRAFFIC_RATE", default_value_t = 250)]
    pub rate: u32,
    /// Connections, each with one request at a time.
    #[arg(long, env = "RERP_TRAFFIC_CONNECTIONS", default_value_t = 16)]
    pub connections: usize,
    /// Milliseconds after which a request has failed.
    #[arg(long, env = "RERP_TRAFFIC_TIMEOUT_MS", default_value_t = 2_000)]
    pub timeout_ms: u64,
    /// Requests after which a run ends by itself.
    #[arg(long, env = "RERP_TRAFFIC_MAX_REQUESTS", default_value_t = 300_000)]
    pub max_requests: u64,
    /// Seconds after which a run ends by itself.
    #[arg(long, env = "RERP_TRAFFIC_MAX_SECONDS", default_value_t = 1_200)]
    pub max_seconds: u64,
    /// Directory of the ledger's files: a volume that dies with the pod and belongs to no database.
    #[arg(long, env = "RERP_TRAFFIC_LEDGER_DIR", default_value = "/tmp")]
    pub ledger_dir: PathBuf,
}

impl ServeArgs {
    /// The plan of a run that wishes for nothing else.
    ///
    /// # Errors
    /// A value is 0 or above its bound.
    pub fn plan(&self) -> Result<Plan, OutOfBounds> {
        let plan = Plan {
            rate: self.rate,
            connections: self.connections,
            timeout: Duration::from_millis(self.timeout_ms),
            max_requests: self.max_requests,
            max_time: Duration::from_secs(self.max_seconds),
        };
        plan.checked()
    }
}
