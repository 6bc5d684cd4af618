//! Real PostgreSQL servers for the tests of the kit and of the services, set up as the operator sets them up, and a
//! split between two of them in plain SQL. In: the installed PostgreSQL. Out: addresses and binding files.
//! Must not leave a process or a file behind, nor use anything but loopback.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(unreachable_pub, reason = "each test binary includes this as a private module")]

pub mod answer;
mod home;
pub mod proxy;
pub mod rights;
mod server;
pub mod service;
mod split;

use std::time::Duration;

pub use home::{Home, SCHEMA};
pub use server::Server;
#[allow(unused_imports, reason = "not every test splits")]
pub use split::Split;

use rerp_kit::config::{Env, PoolSettings, Settings};
use rerp_kit::metrics::Metrics;
use rerp_kit::pool::Db;

/// Waits for a condition, with a deadline.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Pool settings that read `dir` often.
pub fn pool_settings(dir: &std::path::Path, pod: &str) -> PoolSettings {
    let settings =
        Settings::read(&mut Env::of([("POD_NAME", pod), ("RERP_DATABASE_DIR", dir.to_str().unwrap())]), "test");
    PoolSettings { refresh: Duration::from_millis(50), ..settings.pool }
}

/// A handle on the bindings in `dir`.
pub async fn open(dir: &std::path::Path) -> (Db, Metrics) {
    let metrics = Metrics::new().unwrap();
    let db = Db::open(pool_settings(dir, "pod"), metrics.pool.clone()).await.unwrap();
    (db, metrics)
}

/// A client of the services under test, in the clear.
pub fn visitor() -> reqwest::Client {
    rerp_kit::client::builder(None).unwrap().build().unwrap()
}
