//! The life of `traffic serve`: two listeners until told to stop. In: settings. Out: served requests.
//!
//! A load generator has no database, so it is ready as soon as it listens; what it measures is none of its health.

use crate::config::ServeSettings;
use crate::http::router;
use crate::load::control::Control;
use crate::load::run::Target;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rerp_kit::app::certificate;
use rerp_kit::config::HttpSettings;
use rerp_kit::http;
use rerp_kit::metrics::{Metrics, MetricsError};
use rerp_kit::telemetry::chain;
use rerp_kit::tls::TlsError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Why it can't serve.
#[derive(Debug, Error)]
pub enum ServeError {
    /// An address is taken or not ours.
    #[error("listening on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The process can't hear that it should stop.
    #[error("preparing for signals")]
    Signals(#[from] std::io::Error),
    /// The certificate is mounted and can't be used.
    #[error("opening the certificate")]
    Tls(#[from] TlsError),
    /// A mistake in a metric's name.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

/// Serves until SIGTERM or SIGINT, then stops the load and drains.
///
/// # Errors
/// A listener or the signals can't be had.
pub async fn serve(settings: ServeSettings) -> Result<(), ServeError> {
    let ServeSettings { common, marketing, plan, ledger_dir } = settings;
    let stop = stop_signal()?;
    let metrics = Metrics::new()?;
    let tls = certificate(common.tls.as_ref(), &metrics).await?;
    let target = Target { base: marketing, tls: tls.clone() };
    let control = Arc::new(Control::new(target, plan, ledger_dir));
    let mode = common.tls.as_ref().and_then(|tls| tls.mode);
    let requests = http::Listener::new(listen(common.http_addr).await?, tls, mode);
    let admin_listener = listen(common.admin_addr).await?;
    tracing::info!(http = %common.http_addr, admin = %common.admin_addr, "serving");

    let quick = HttpSettings { drain_delay: Duration::ZERO, drain_timeout: Duration::from_secs(1), ..common.http };
    let pages = admin(Admin { stop: stop.clone(), metrics: metrics.clone() });
    let admin = tokio::spawn(http::serve(admin_listener, pages, quick, stop.clone()));
    let routes = http::guarded(router(Arc::clone(&control)), &common.http, &metrics);
    let end = async {
        stop.cancelled().await;
        control.cancel().await;
    };
    tokio::join!(http::serve(requests, routes, common.http, stop.clone()), end);
    // It was told to stop at the same time; a failure of its own has been logged by the kit.
    let _ = admin.await;
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

#[derive(Clone)]
struct Admin {
    stop: CancellationToken,
    metrics: Metrics,
}

/// `/livez` and `/readyz` for the kubelet, `/metrics` for Prometheus.
fn admin(state: Admin) -> Router {
    let router = Router::new().route("/livez", get(async || "ok\n"));
    router.route("/readyz", get(ready)).route("/metrics", get(metrics)).with_state(state)
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, &'static str) {
    if admin.stop.is_cancelled() { (StatusCode::SERVICE_UNAVAILABLE, "draining\n") } else { (StatusCode::OK, "ok\n") }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.metrics.page() {
        Ok(page) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], page).into_response(),
        Err(error) => {
            tracing::error!(error = chain(&error), "the metrics can't be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn stop_signal() -> Result<CancellationToken, std::io::Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancelled.cancel();
    });
    Ok(stop)
}
