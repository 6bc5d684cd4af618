//! One connection of a client, from its first byte to its end. In: a socket. Out: requests for the gateway, and its answers. Must not
//! accept, nor look into requests.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::gateway::Gateway;

/// Largest head of a request: line and headers.
const HEAD_BYTES: usize = 32 * 1024;
/// Requests one HTTP/2 connection may have open.
const STREAMS: u32 = 128;
/// Streams a client may have begun and reset before anybody looked at them; one more ends its connection.
const RESETS: usize = 20;
/// Time a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// What every connection is received with.
#[derive(Clone)]
pub(super) struct Reception {
    builder: Builder<TokioExecutor>,
    gateway: Arc<Gateway>,
    /// None: in the clear.
    tls: Option<TlsAcceptor>,
    header_timeout: Duration,
    /// Cancelled when clients are to close their connections.
    leaving: CancellationToken,
}

impl Reception {
    pub(super) fn new(gateway: Arc<Gateway>, tls: Option<Arc<ServerConfig>>, leaving: CancellationToken) -> Self {
        let header_timeout = gateway.http.header_timeout;
        Self { builder: builder(header_timeout), gateway, tls: tls.map(TlsAcceptor::from), header_timeout, leaving }
    }

    /// Serves a connection to its end.
    pub(super) async fn receive(self, stream: TcpStream, from: IpAddr) {
        // Answers are small and complete: waiting to fill a segment only adds latency.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return self.in_the_clear(stream, from).await };
        match timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                // Known by now, so the time limits of the protocol hold from the first byte.
                let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let builder = if http2 { self.builder.clone().http2_only() } else { self.builder.clone().http1_only() };
                self.converse(builder, stream, from).await;
            }
            Ok(Err(error)) => tracing::debug!(error = error.to_string(), "a handshake failed"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }

    /// A client that says nothing would be kept for ever: the protocol, and with it its time limits, begins with the first byte.
    async fn in_the_clear(&self, stream: TcpStream, from: IpAddr) {
        let spoken = tokio::select! {
            spoken = timeout(self.header_timeout, stream.readable()) => matches!(spoken, Ok(Ok(()))),
            () = self.leaving.cancelled() => false,
        };
        if spoken {
            self.converse(self.builder.clone(), stream, from).await;
        }
    }

    async fn converse<S>(&self, builder: Builder<TokioExecutor>, stream: S, from: IpAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let gateway = Arc::clone(&self.gateway);
        let service = service_fn(move |request: Request<Incoming>| {
            let gateway = Arc::clone(&gateway);
            async move { Ok::<_, Infallible>(gateway.answer(request, from).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.leaving.cancelled() => {
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

fn builder(header_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}
