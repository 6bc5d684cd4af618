//! A service under test: its schema in a home, its router behind a listener. Nobody is asked who they are here, as without a platform: callers
//! may do what staff may. Who may do what is the tests' with `doors.rs`.

use std::net::SocketAddr;
use std::time::Duration;

use axum::{Extension, Router};
use rerp_kit::access::Caller;
use rerp_kit::client::ServiceClient;
use rerp_kit::config::{Env, HttpSettings, Settings};
use rerp_kit::http;
use rerp_kit::metrics::Metrics;
use rerp_kit::migrate::migrate;
use serde_json::Value;
use sqlx::migrate::Migrator;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Home, Split};

/// Brings the schema of a home up to date, as the service's `migrate` does.
pub async fn apply(home: &Home, migrations: Migrator) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("current"), home.migrate()).unwrap();
    let settings = Settings::read(&mut Env::of([("RERP_MIGRATE_DIR", dir.path().to_str().unwrap())]), "test");
    migrate(&settings, migrations).await.unwrap();
}

/// A home with a service's schema, and the folder that names it to the service.
pub async fn home_of(migrations: Migrator) -> (Home, TempDir) {
    let home = Home::new().await;
    apply(&home, migrations).await;
    let dir = bound(&home);
    (home, dir)
}

/// A folder whose binding names this home.
pub fn bound(home: &Home) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("current"), home.app()).unwrap();
    dir
}

/// A split of these tables, its schema on both sides.
pub async fn split_of(tables: &[&str], migrations: fn() -> Migrator) -> Split {
    let split = Split::new("", tables).await;
    apply(&split.source, migrations()).await;
    apply(&split.target, migrations()).await;
    split
}

/// Serves a router on a free port until the test ends.
pub async fn serve(router: Router) -> SocketAddr {
    serve_until(router, CancellationToken::new()).await
}

/// Serves a router on a free port until told to stop.
pub async fn serve_until(router: Router, stop: CancellationToken) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    serve_on(listener, router, stop);
    at
}

/// The same on a listener that is there.
pub fn serve_on(listener: TcpListener, router: Router, stop: CancellationToken) {
    let settings = HttpSettings { drain_delay: Duration::ZERO, server_timing: true, ..HttpSettings::default() };
    let router = router.layer(Extension(Caller::Unchecked));
    let router = http::guarded(router, &settings, &Metrics::new().unwrap());
    tokio::spawn(http::serve(listener, router, settings, stop));
}

/// How another service calls the one at this address, in the clear.
pub fn client(name: &'static str, at: SocketAddr, metrics: &Metrics) -> ServiceClient {
    ServiceClient::new(name, &format!("http://{at}").parse().unwrap(), metrics.clone(), None).unwrap()
}

/// Status, whether it is a repeated answer, and body.
pub async fn answer(request: reqwest::RequestBuilder) -> (u16, bool, Value) {
    let response = request.send().await.unwrap();
    let replayed = response.headers().contains_key("idempotency-replayed");
    (response.status().as_u16(), replayed, response.json().await.unwrap())
}
