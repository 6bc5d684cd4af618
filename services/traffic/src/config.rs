//! Settings of `traffic serve`. In: the environment. Out: checked values, or every mistake at once.

use crate::load::plan::Plan;
use rerp_kit::config::{Env, Settings};
use std::path::PathBuf;
use std::time::Duration;

/// What `serve` works with.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// What every service has: addresses, limits.
    pub common: Settings,
    /// Base address of the marketing service, `RERP_MARKETING_URL`.
    pub marketing: String,
    /// A run that wishes for nothing else: `RERP_TRAFFIC_RATE` (requests per second), `RERP_TRAFFIC_CONNECTIONS`,
    /// `RERP_TRAFFIC_TIMEOUT`, `RERP_TRAFFIC_MAX_REQUESTS`, `RERP_TRAFFIC_MAX_TIME`.
    pub plan: Plan,
    /// Directory of the ledger's files, `RERP_TRAFFIC_LEDGER_DIR`: a volume that belongs to no database.
    pub ledger_dir: PathBuf,
}

impl ServeSettings {
    /// Reads everything; mistakes stay in `env` until its `finish`.
    pub fn read(env: &mut Env) -> Self {
        let common = Settings::read(env, "traffic");
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3_600));
        let plan = Plan {
            rate: env.parse("RERP_TRAFFIC_RATE", 250, "requests per second"),
            connections: env.parse("RERP_TRAFFIC_CONNECTIONS", 16, "a number of connections"),
            timeout: env.duration("RERP_TRAFFIC_TIMEOUT", 2 * second, Duration::from_millis(10), 60 * second),
            max_requests: env.parse("RERP_TRAFFIC_MAX_REQUESTS", 300_000, "a number of requests"),
            max_time: env.duration("RERP_TRAFFIC_MAX_TIME", 1_200 * second, second, hour),
        };
        if let Err(bounds) = plan.clone().checked() {
            env.mistake("RERP_TRAFFIC_*", bounds.to_string());
        }
        Self {
            common,
            marketing: env.dependency("marketing").map(String::from).unwrap_or_default(),
            plan,
            ledger_dir: env.text("RERP_TRAFFIC_LEDGER_DIR").unwrap_or("/tmp").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_target_has_no_default() {
        let mut env = Env::of([("RERP_MARKETING_URL", "http://marketing.rerp.svc:8080")]);
        let settings = ServeSettings::read(&mut env);
        assert!(env.finish().is_ok());
        assert_eq!((settings.plan.rate, settings.plan.connections), (250, 16));
        assert_eq!(settings.plan.timeout, Duration::from_secs(2));
        assert_eq!(settings.marketing, "http://marketing.rerp.svc:8080/");
    }

    #[test]
    fn mistakes_are_told_together() {
        let mut env = Env::of([("RERP_TRAFFIC_RATE", "0"), ("RERP_TRAFFIC_TIMEOUT", "2")]);
        let _ = ServeSettings::read(&mut env);
        let text = env.finish().unwrap_err().to_string();
        for name in ["RERP_MARKETING_URL", "rate must be", "RERP_TRAFFIC_TIMEOUT"] {
            assert!(text.contains(name), "{text}");
        }
    }
}
