//! One connection of a client, from its first byte to its end. In: a socket. Out: requests for the gateway, and its answers. Must not
//! accept, nor look into requests.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::Either;
use futures::stream::FuturesUnordered;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::pulse::{Felt, Pulse};
use crate::gateway::Gateway;

/// Largest head of a request: line and headers.
const HEAD_BYTES: usize = 32 * 1024;
/// Requests one HTTP/2 connection may have open; their answers are held while the client doesn't read.
const STREAMS: u32 = 32;
/// Streams a client may have begun and reset before anybody looked at them; one more ends its connection.
const RESETS: usize = 20;
/// Time a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Age at which a connection takes no new requests, and a fifth more by chance, so that not all end at once. Pods that came later get their
/// part of the clients then, and nobody is kept for ever.
const AGE: Duration = Duration::from_secs(300);
/// Time the last requests of a connection have then, and their answers.
const LAST_REQUESTS: Duration = Duration::from_secs(45);
/// Time a connection has to end that kept us waiting.
const FAREWELL: Duration = Duration::from_secs(1);

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
        Self { builder: builder(), gateway, tls: tls.map(TlsAcceptor::from), header_timeout, leaving }
    }

    /// Serves a connection to its end.
    pub(super) async fn receive(self, stream: TcpStream, from: IpAddr) {
        // Answers are small and complete: waiting to fill a segment only adds latency.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return self.converse(self.builder.clone(), stream, from).await };
        match timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let builder = if http2 { self.builder.clone().http2_only() } else { self.builder.clone().http1_only() };
                self.converse(builder, stream, from).await;
            }
            Ok(Err(error)) => tracing::debug!(error = error.to_string(), "a handshake failed"),
            Err(_) => tracing::debug!("a handshake took too long"),
        }
    }

    async fn converse<S>(&self, builder: Builder<TokioExecutor>, stream: S, from: IpAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = Arc::new(Pulse::new());
        let (gateway, felt, tls) = (Arc::clone(&self.gateway), Arc::clone(&pulse), self.tls.is_some());
        let service = service_fn(move |request: Request<Incoming>| {
            let (gateway, pulse) = (Arc::clone(&gateway), Arc::clone(&felt));
            pulse.asked();
            async move {
                let one_by_one = request.version() < Version::HTTP_2;
                let answer = gateway.answer(request, from, tls).await;
                if one_by_one {
                    pulse.answered();
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = builder.serve_connection(TokioIo::new(Felt::new(stream, Arc::clone(&pulse))), service);
        tokio::pin!(connection);
        let farewell = match until(connection.as_mut(), self.end(&pulse)).await {
            Either::Left(ended) => return note(ended),
            Either::Right(farewell) => farewell,
        };
        connection.as_mut().graceful_shutdown();
        // Whoever says nothing, or doesn't read, has no part in when it ends.
        match timeout(farewell, connection).await {
            Ok(ended) => note(ended),
            Err(_) => tracing::debug!("a connection was cut off"),
        }
    }

    /// Ends when a connection has to, and says how long its farewell may take.
    async fn end(&self, pulse: &Pulse) -> Duration {
        tokio::select! {
            () = pulse.overdue(self.header_timeout) => FAREWELL,
            () = aged(pulse) => LAST_REQUESTS,
            () = self.leaving.cancelled() => LAST_REQUESTS,
        }
    }
}

/// How a connection ended, or that it has to.
async fn until<C: Future, E: Future>(connection: Pin<&mut C>, end: E) -> Either<C::Output, E::Output> {
    // Alone in a set, which looks at it when it is woken, and not whenever there is something for the connection.
    let mut end = FuturesUnordered::from_iter([end]);
    tokio::select! {
        // The end first: a connection with always more to do takes all that tokio lets a task do at once, and after that no timer is ever due.
        biased;
        Some(farewell) = end.next() => Either::Right(farewell),
        ended = connection => Either::Left(ended),
    }
}

/// Ends when a connection is old and can be ended without closing it in the face of a client that is about to ask.
async fn aged(pulse: &Pulse) {
    sleep(AGE.mul_f64(1.0 + rand::random::<f64>() / 5.0)).await;
    pulse.answering().await;
}

/// What breaks here is the client's side of the connection; requests are logged where they are answered.
fn note<E: std::fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(error = error.to_string(), "a connection ended early");
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // Heads have their time limit in `pulse`.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None::<Duration>).max_buf_size(HEAD_BYTES);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::{Poll, ready};
    use tokio::task::coop::poll_proceed;

    #[tokio::test]
    async fn who_never_pauses_is_told_to_end_as_well() {
        let busy = pin!(poll_fn(|context| -> Poll<()> {
            loop {
                ready!(poll_proceed(context)).made_progress();
            }
        }));
        let ended = timeout(Duration::from_secs(10), until(busy, sleep(Duration::from_millis(1)))).await;
        assert!(matches!(ended, Ok(Either::Right(()))), "{ended:?}");
    }
}
