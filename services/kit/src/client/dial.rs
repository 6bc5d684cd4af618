//! How a connection to another service is opened. In: its address. Out: a stream, in the clear or within TLS, over which HTTP/2 is
//! spoken. Must not send requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tonic::transport::Uri;
use tower::{BoxError, Service};

use crate::tls::{Protocol, Tls};

/// In the clear, or within TLS.
pub type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// How a connection is opened. Clones show the same certificate, the present one on each new connection.
#[derive(Clone)]
pub struct Dial {
    /// For addresses with `https`.
    tls: TlsConnector,
    /// Where to, whatever the name in the address resolves to.
    to: Option<SocketAddr>,
}

impl std::fmt::Debug for Dial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dial").field("to", &self.to).finish_non_exhaustive()
    }
}

impl Dial {
    /// Connections for HTTP/2 that show the certificate of `tls` and take only one of the same authority; without `tls` only addresses
    /// in the clear can be reached. With `to` all connections go there, whatever the name in the address resolves to.
    ///
    /// # Errors
    /// The provider of cryptography lacks TLS 1.3, hence a bug.
    pub fn http2(tls: Option<&Tls>, to: Option<SocketAddr>) -> Result<Self, rustls::Error> {
        Ok(Self { tls: TlsConnector::from(Arc::new(Tls::client(tls, Protocol::Http2)?)), to })
    }

    /// Opens a connection to `address`, of which scheme, host and port count.
    ///
    /// # Errors
    /// Nobody answers there, or not with a certificate that proves the name.
    pub async fn open(&self, address: &Uri) -> Result<Stream, BoxError> {
        let host = address.host().ok_or("the address has no host")?;
        let secure = address.scheme_str() == Some("https");
        let port = address.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let socket = match self.to {
            Some(to) => TcpStream::connect(to).await?,
            None => TcpStream::connect((host, port)).await?,
        };
        socket.set_nodelay(true)?;
        if !secure {
            return Ok(Either::Left(socket));
        }
        let name = ServerName::try_from(host.to_owned())?;
        Ok(Either::Right(Box::new(self.tls.connect(name, socket).await?)))
    }
}

impl Service<Uri> for Dial {
    type Response = TokioIo<Stream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let dial = self.clone();
        Box::pin(async move { Ok(TokioIo::new(dial.open(&address).await?)) })
    }
}
