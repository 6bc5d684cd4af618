//! One connection, from its first byte to its end. In: a stream, or who waits for one. Out: answered requests. Must not accept,
//! nor judge callers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::listener::{Conversation, Door};
use crate::telemetry::chain;

/// Largest head of a request: line and headers.
const HEAD_BYTES: usize = 32 * 1024;
/// Requests one HTTP/2 connection may have open.
const STREAMS: u32 = 256;
/// Time a connection has to end on which nobody has asked for anything.
const FAREWELL: Duration = Duration::from_secs(1);

/// What every connection is received with.
#[derive(Clone)]
pub(super) struct Reception {
    builder: Builder<TokioExecutor>,
    router: Router,
    door: Option<Door>,
    header_timeout: Duration,
    /// Cancelled when clients are to close their connections.
    leaving: CancellationToken,
    running: TaskTracker,
}

impl Reception {
    pub(super) fn new(router: Router, door: Option<Door>, header_timeout: Duration) -> Self {
        let (builder, leaving) = (builder(header_timeout), CancellationToken::new());
        Self { builder, router, door, header_timeout, leaving, running: TaskTracker::new() }
    }

    /// Serves a connection in a task of its own: a slow handshake must not keep others waiting.
    pub(super) fn take(&self, stream: TcpStream, from: SocketAddr) {
        // Answers are small and complete: waiting to fill a segment only adds latency.
        let _ = stream.set_nodelay(true);
        self.running.spawn(self.clone().receive(stream, from));
    }

    /// Lets each client finish its present requests, for at most `limit`; false if some were still running then.
    pub(super) async fn drain(self, limit: Duration) -> bool {
        self.leaving.cancel();
        self.running.close();
        timeout(limit, self.running.wait()).await.is_ok()
    }

    async fn receive(self, stream: TcpStream, from: SocketAddr) {
        let Some(door) = &self.door else { return self.converse(self.builder.clone(), stream, None).await };
        match door.receive(stream, from).await {
            Ok((stream, peer)) => {
                let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let builder = if http2 { self.builder.clone().http2_only() } else { self.builder.clone().http1_only() };
                let conversation = Conversation { peer, leave: self.leaving.child_token() };
                self.converse(builder, stream, Some(Arc::new(conversation))).await;
            }
            Err(error) => tracing::debug!(error = chain(&error), "a connection did not come about"),
        }
    }

    async fn converse<S>(&self, builder: Builder<TokioExecutor>, stream: S, conversation: Option<Arc<Conversation>>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let leave = conversation.as_ref().map_or_else(|| self.leaving.clone(), |one| one.leave.clone());
        let asked = Arc::new(Notify::new());
        let heard = Arc::clone(&asked);
        let service = self.router.clone().map_request(move |mut request: Request<Incoming>| {
            heard.notify_one();
            if let Some(conversation) = &conversation {
                request.extensions_mut().insert(Arc::clone(conversation));
            }
            request
        });
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = silence(&asked, self.header_timeout) => {
                connection.as_mut().graceful_shutdown();
                timeout(FAREWELL, connection).await.unwrap_or(Ok(()))
            }
            () = leave.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        // What breaks here is the client's side of the connection; requests are logged where they are answered.
        if let Err(error) = ended {
            tracing::debug!(error = error.to_string(), "a connection ended early");
        }
    }
}

/// Ends when nobody has asked for anything by then. The protocol's own time limits begin once it is known which protocol it is, and that of
/// HTTP/1 alone is about requests: whoever says a part of HTTP/2's first words, or nothing after them, would be kept for ever.
async fn silence(asked: &Notify, limit: Duration) {
    if timeout(limit, asked.notified()).await.is_ok() {
        std::future::pending::<()>().await;
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
