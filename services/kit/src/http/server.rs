//! The listening side. In come a socket and a router; out go answers, until told to stop. Limits what a connection may
//! cost: time and size of headers, streams. Must not know routes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::gate::gated;
use super::listener::{Door, Listener, Peer};
use crate::config::HttpSettings;
use crate::telemetry::chain;

/// Largest head of a request: line and headers.
const HEAD_BYTES: usize = 32 * 1024;
/// Requests one HTTP/2 connection may have open.
const STREAMS: u32 = 256;
/// Pause after a failed accept (no file descriptor left, for instance), which would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop`, in the clear or with mutual TLS as `listener` has it, then drains: goes on as before for `drain_delay`, while load balancers learn that this pod is
/// leaving; then takes no new connection, tells clients to close theirs after the present request, and waits at most
/// `drain_timeout`.
pub async fn serve(listener: impl Into<Listener>, router: Router, settings: HttpSettings, stop: CancellationToken) {
    let Listener { socket, door } = listener.into();
    let router = door.as_ref().map_or_else(|| router.clone(), |door| gated(router.clone(), door.clone()));
    let reception = Reception { builder: builder(settings.header_timeout), router, door };
    let graceful = GracefulShutdown::new();
    let leaving = async {
        stop.cancelled().await;
        sleep(settings.drain_delay).await;
    };
    tokio::pin!(leaving);
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            () = &mut leaving => break,
        };
        match accepted {
            Ok((stream, _)) => reception.take(stream, graceful.watcher()),
            Err(error) => {
                pause_after(&error).await;
            }
        }
    }
    drop(socket);
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

/// What every connection is received with.
struct Reception {
    builder: Builder<TokioExecutor>,
    router: Router,
    door: Option<Door>,
}

impl Reception {
    /// Serves a connection in a task of its own: a slow handshake must not keep others waiting.
    fn take(&self, stream: TcpStream, watcher: Watcher) {
        // Answers are small and complete: waiting to fill a segment only adds latency.
        let _ = stream.set_nodelay(true);
        let (builder, router) = (self.builder.clone(), self.router.clone());
        let Some(door) = self.door.clone() else {
            tokio::spawn(converse(builder, stream, router, None, watcher));
            return;
        };
        tokio::spawn(async move {
            match door.receive(stream).await {
                Ok((stream, caller)) => {
                    converse(builder, stream, router, Some(Peer(Arc::new(caller))), watcher).await;
                }
                Err(error) => tracing::debug!(error = chain(&error), "a connection did not come about"),
            }
        });
    }
}

async fn converse<S>(builder: Builder<TokioExecutor>, stream: S, router: Router, peer: Option<Peer>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: Request<Incoming>| {
        if let Some(peer) = &peer {
            request.extensions_mut().insert(peer.clone());
        }
        request
    });
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).into_owned();
    // What breaks here is the client's side of the connection; requests are logged where they are answered.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error = error.to_string(), "a connection ended early");
    }
}

async fn pause_after(error: &io::Error) {
    let harmless = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if !harmless.contains(&error.kind()) {
        tracing::warn!(error = error.to_string(), "can't accept a connection");
        sleep(ACCEPT_PAUSE).await;
    }
}
