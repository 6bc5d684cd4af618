//! The life of `sandbox serve`: two listeners until told to stop. In: settings. Out: served requests.
//!
//! A stand-in has no database and depends on nobody, so it is ready as soon as it listens.

use crate::http::router;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rerp_kit::app::certificate;
use rerp_kit::config::{HttpSettings, Settings};
use rerp_kit::http;
use rerp_kit::metrics::{Metrics, MetricsError};
use rerp_kit::telemetry::chain;
use rerp_kit::tls::TlsError;
use std::net::SocketAddr;
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

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// A listener, the certificate or the signals can't be had.
pub async fn serve(settings: Settings) -> Result<(), ServeError> {
    let stop = stop_signal()?;
    let metrics = Metrics::new()?;
    let tls = certificate(settings.tls.as_ref(), &metrics).await?;
    let mode = settings.tls.as_ref().and_then(|tls| tls.mode);
    let requests = http::Listener::new(listen(settings.http_addr).await?, tls, mode);
    let admin_listener = listen(settings.admin_addr).await?;
    tracing::info!(http = %settings.http_addr, admin = %settings.admin_addr, "serving");

    let quick = HttpSettings { drain_delay: Duration::ZERO, drain_timeout: Duration::from_secs(1), ..settings.http };
    let pages = admin(Admin { stop: stop.clone(), metrics: metrics.clone() });
    let routes = http::guarded(router(), &settings.http, &metrics);
    tokio::join!(
        http::serve(requests, routes, settings.http, stop.clone()),
        http::serve(admin_listener, pages, quick, stop.clone()),
    );
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
