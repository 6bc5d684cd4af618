//! The listening side. In come a socket and a router; out go answers, until told to stop. Limits what a connection may
//! cost: time and size of headers, streams. Must not know routes.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::HttpSettings;

/// Largest head of a request: line and headers.
const HEAD_BYTES: usize = 32 * 1024;
/// Requests one HTTP/2 connection may have open.
const STREAMS: u32 = 256;
/// Pause after a failed accept (no file descriptor left, for instance), which would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop`, then drains: goes on as before for `drain_delay`, while load balancers learn that this pod is
/// leaving; then takes no new connection, tells clients to close theirs after the present request, and waits at most
/// `drain_timeout`.
pub async fn serve(listener: TcpListener, router: Router, settings: HttpSettings, stop: CancellationToken) {
    let builder = builder(settings.header_timeout);
    let graceful = GracefulShutdown::new();
    let leaving = async {
        stop.cancelled().await;
        sleep(settings.drain_delay).await;
    };
    tokio::pin!(leaving);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut leaving => break,
        };
        match accepted {
            Ok((stream, _)) => take(stream, &builder, router.clone(), &graceful),
            Err(error) => {
                pause_after(&error).await;
            }
        }
    }
    drop(listener);
    if timeout(settings.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running at the end of the drain time");
    }
}

fn builder(header_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

fn take(stream: TcpStream, builder: &Builder<TokioExecutor>, router: Router, graceful: &GracefulShutdown) {
    // Answers are small and complete: waiting to fill a segment only adds latency.
    let _ = stream.set_nodelay(true);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).into_owned();
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        // What breaks here is the client's side of the connection; requests are logged where they are answered.
        if let Err(error) = watched.await {
            tracing::debug!(error = error.to_string(), "a connection ended early");
        }
    });
}

async fn pause_after(error: &io::Error) {
    let harmless = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if !harmless.contains(&error.kind()) {
        tracing::warn!(error = error.to_string(), "can't accept a connection");
        sleep(ACCEPT_PAUSE).await;
    }
}
