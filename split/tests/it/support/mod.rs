//! What the database tests share: real PostgreSQL servers on loopback, two sides with roles and tables, writers with a
//! ledger outside the databases, and the checks on it.
//!
//! Every test binary uses its own part of it.
#![allow(dead_code, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod check;
pub mod cluster;
pub mod hand;
pub mod ledger;
pub mod pair;
pub mod parcel;
pub mod probe;
pub mod route;
pub mod side;
pub mod stream;
pub mod writer;

use cluster::Cluster;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Polls `ready` every 10 ms until it is true.
///
/// # Panics
/// Not true within `limit`: a test never waits without a bound.
pub async fn eventually<F, Fut>(what: &str, limit: Duration, mut ready: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let begun = Instant::now();
    while !ready().await {
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Two servers beside `cluster::shared`, for tests in which the target has slots: a new slot waits for everybody's transactions
/// there, and reads everybody's WAL.
pub fn apart() -> (Arc<Cluster>, Arc<Cluster>) {
    static PAIR: OnceLock<(Arc<Cluster>, Arc<Cluster>)> = OnceLock::new();
    PAIR.get_or_init(|| (Arc::new(Cluster::start()), Arc::new(Cluster::start()))).clone()
}
