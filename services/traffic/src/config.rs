//! Settings of `traffic serve`. In: the environment. Out: checked values, or every mistake at once.

use crate::load::journey::step::Places;
use crate::load::plan::Plan;
use crate::seed::args::{DEFAULT_ROWS, MAX_ROWS};
use rerp_kit::config::{Env, Settings};
use std::path::PathBuf;
use std::time::Duration;

/// How long a request to us may take: `POST /start` waits half a minute for services that are coming up, `POST /stop` for journeys to end.
const START_OR_STOP: Duration = Duration::from_secs(45);

/// What `serve` works with.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// What every service has: addresses, limits.
    pub common: Settings,
    /// Base address of the marketing service, `RERP_MARKETING_URL`.
    pub marketing: String,
    /// Where journeys go, and the data set whose people make them: `RERP_ACCOUNT_URL`, `RERP_BILLING_URL`, `RERP_FTE_URL`, `RERP_SEED`,
    /// `RERP_SEED_ROWS`. None where one of the three isn't named: forms alone need marketing alone.
    pub places: Option<Places>,
    /// A run that wishes for nothing else: `RERP_TRAFFIC_RATE` (forms per second), `RERP_TRAFFIC_CONNECTIONS`, `RERP_TRAFFIC_TIMEOUT`,
    /// `RERP_TRAFFIC_MAX_REQUESTS`, `RERP_TRAFFIC_MAX_TIME`, `RERP_TRAFFIC_JOURNEYS` (journeys per second, 0 by default).
    pub plan: Plan,
    /// Directory of the ledger's files, `RERP_TRAFFIC_LEDGER_DIR`: a volume that belongs to no database.
    pub ledger_dir: PathBuf,
}

impl ServeSettings {
    /// Reads everything; mistakes stay in `env` until its `finish`.
    pub fn read(env: &mut Env) -> Self {
        let mut common = Settings::read(env, "traffic");
        if env.text("RERP_REQUEST_TIMEOUT").is_none() {
            common.http.request_timeout = START_OR_STOP;
        }
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3_600));
        let plan = Plan {
            rate: env.parse("RERP_TRAFFIC_RATE", 250, "requests per second"),
            connections: env.parse("RERP_TRAFFIC_CONNECTIONS", 16, "a number of connections"),
            timeout: env.duration("RERP_TRAFFIC_TIMEOUT", 2 * second, Duration::from_millis(10), 60 * second),
            max_requests: env.parse("RERP_TRAFFIC_MAX_REQUESTS", 300_000, "a number of requests"),
            max_time: env.duration("RERP_TRAFFIC_MAX_TIME", 1_200 * second, second, hour),
            journeys: env.parse("RERP_TRAFFIC_JOURNEYS", 0, "journeys per second"),
        };
        if let Err(bounds) = plan.clone().checked() {
            env.mistake("RERP_TRAFFIC_*", bounds.to_string());
        }
        let places = places(env, plan.journeys > 0);
        Self {
            common,
            places,
            marketing: env.dependency("marketing").map(String::from).unwrap_or_default(),
            plan,
            ledger_dir: env.text("RERP_TRAFFIC_LEDGER_DIR").unwrap_or("/tmp").into(),
        }
    }
}

/// Where journeys go. Whoever `wants` some has to say it; who may start a run that wishes for them can.
fn places(env: &mut Env, wants: bool) -> Option<Places> {
    let named = ["RERP_ACCOUNT_URL", "RERP_BILLING_URL", "RERP_FTE_URL"].iter().all(|name| env.text(name).is_some());
    if !wants && !named {
        return None;
    }
    let [account, billing, fte] =
        ["account", "billing", "fte"].map(|name| env.dependency(name).map(String::from).unwrap_or_default());
    let seed = env.parse("RERP_SEED", 1, "the seed of the data set");
    let rows = env.parse("RERP_SEED_ROWS", DEFAULT_ROWS, "a number of rows");
    if !(1..=MAX_ROWS).contains(&rows) {
        env.mistake("RERP_SEED_ROWS", format!("expected 1 to {MAX_ROWS} rows"));
    }
    Some(Places { account, billing, fte, seed, rows })
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
    fn journeys_need_three_more_addresses() {
        let marketing = ("RERP_MARKETING_URL", "http://m:8080");
        let wanted = ("RERP_TRAFFIC_JOURNEYS", "2");
        let addresses = ["RERP_ACCOUNT_URL", "RERP_BILLING_URL", "RERP_FTE_URL"].map(|name| (name, "http://x:8080"));
        let mut env = Env::of([marketing]);
        assert_eq!(ServeSettings::read(&mut env).places, None);
        let mut env = Env::of([marketing, wanted, addresses[0]]);
        let _ = ServeSettings::read(&mut env);
        let text = env.finish().unwrap_err().to_string();
        assert!(text.contains("RERP_BILLING_URL") && text.contains("RERP_FTE_URL"), "{text}");
        let mut env = Env::of([marketing, wanted, addresses[0], addresses[1], addresses[2], ("RERP_SEED_ROWS", "500")]);
        let settings = ServeSettings::read(&mut env);
        assert!(env.finish().is_ok());
        let places = settings.places.unwrap();
        assert_eq!((settings.plan.journeys, places.seed, places.rows), (2, 1, 500));
        assert_eq!(settings.common.http.request_timeout, START_OR_STOP);
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
