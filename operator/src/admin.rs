//! The admin port: `/livez` (the process answers), `/readyz` (every gate is open), `/metrics`.
//! In: gates that other parts open. Out: HTTP on the address of `RERP_ADMIN_ADDR`.
//! Must not: fail liveness because the API server is away; a restart would not bring it back.

use crate::metrics::Metrics;
use axum::{Router, extract::State, http::StatusCode, routing::get};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

/// Why the admin server could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("bind the admin address {address}")]
    Bind { address: SocketAddr, source: std::io::Error },
    /// The accept loop ended.
    #[error("serve the admin port")]
    Serve { source: std::io::Error },
}

/// What has to be true before the process calls itself ready.
#[derive(Clone, Default)]
pub struct Gates {
    crds: Arc<AtomicBool>,
}

impl Gates {
    /// The three kinds are known to the API server.
    pub fn open_crds(&self) {
        self.crds.store(true, Ordering::Relaxed);
    }

    /// The first closed gate in words, or none. A standby that waits for the lease is ready: it is
    /// able to take over, and a rollout must not wait for its predecessor's death.
    fn closed(&self) -> Option<&'static str> {
        (!self.crds.load(Ordering::Relaxed)).then_some("the custom resource definitions of rerp.dev are not installed")
    }
}

#[derive(Clone)]
struct Shared {
    gates: Gates,
    metrics: Metrics,
}

/// Serves until `shutdown` fires. Binds first, so that a wrong address is an error at start.
pub async fn serve(
    address: SocketAddr,
    gates: Gates,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let listener = tokio::net::TcpListener::bind(address).await.map_err(|source| Error::Bind { address, source })?;
    axum::serve(listener, router(gates, metrics))
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
        .map_err(|source| Error::Serve { source })
}

fn router(gates: Gates, metrics: Metrics) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(render))
        .with_state(Shared { gates, metrics })
}

async fn ready(State(shared): State<Shared>) -> (StatusCode, String) {
    match shared.gates.closed() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}

async fn render(State(shared): State<Shared>) -> (StatusCode, String) {
    match shared.metrics.render() {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_names_the_closed_gate() {
        let gates = Gates::default();
        assert!(gates.closed().is_some_and(|why| why.contains("custom resource definitions")));
        gates.open_crds();
        assert_eq!(gates.closed(), None);
    }
}
