//! A socket, TLS included, whose startup message asks for a replication session.
//!
//! `tokio_postgres` knows no `replication` parameter. The first message of the protocol is the only one that carries
//! parameters, so this wrapper holds it back until it is whole, adds `replication=database` and lets everything
//! after it through untouched. It has to see that message in the clear, so TLS is negotiated first, below it.

use rerp_pgtls::Tls;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const PARAMETER: &[u8] = b"replication\0database\0";
/// Source: <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST>.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A stream of bytes, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects, and asks for TLS as `tls` says. What was sent before TLS could be anybody's: `config` judges who answers.
pub(super) async fn open(host: &str, port: u16, tls: &Tls, config: Arc<ClientConfig>) -> io::Result<Box<dyn Stream>> {
    let mut socket = TcpStream::connect((host, port)).await?;
    if *tls == Tls::Disable {
        return Ok(Box::new(socket));
    }
    socket.write_all(&SSL_REQUEST).await?;
    match socket.read_u8().await? {
        b'S' => {
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            Ok(Box::new(TlsConnector::from(config).connect(name, socket).await?))
        }
        b'N' if *tls == Tls::Prefer => Ok(Box::new(socket)),
        _ => Err(io::Error::other("the server does not support TLS")),
    }
}

/// The wrapped socket.
pub(super) struct Replication<S> {
    socket: S,
    startup: Startup,
}

enum Startup {
    /// Bytes of the startup message so far.
    Gathering(Vec<u8>),
    /// The changed message and how much of it is on its way.
    Sending(Vec<u8>, usize),
    Sent,
}

impl<S> Replication<S> {
    pub(super) fn new(socket: S) -> Self {
        Self { socket, startup: Startup::Gathering(Vec::new()) }
    }
}

/// Adds the parameter to a startup message, or tells that it isn't whole yet.
///
/// Layout: length (4 bytes, big endian, itself included), protocol version (4 bytes), `name\0value\0` pairs, `\0`.
fn with_parameter(message: &[u8]) -> Option<Vec<u8>> {
    let header: [u8; 4] = message.get(..4)?.try_into().ok()?;
    let length = usize::try_from(u32::from_be_bytes(header)).ok()?;
    let body = message.get(4..length)?;
    let (_, parameters) = body.split_last()?;
    let total = u32::try_from(length + PARAMETER.len()).ok()?;
    let mut out = total.to_be_bytes().to_vec();
    out.extend_from_slice(parameters);
    out.extend_from_slice(PARAMETER);
    out.push(0);
    out.extend_from_slice(&message[length..]);
    Some(out)
}

impl<S: AsyncWrite + Unpin> Replication<S> {
    fn poll_startup(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Startup::Sending(message, sent) = &mut self.startup {
            let n = ready!(Pin::new(&mut self.socket).poll_write(cx, &message[*sent..]))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *sent += n;
            if *sent == message.len() {
                self.startup = Startup::Sent;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replication<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if let Startup::Gathering(gathered) = &mut self.startup {
            gathered.extend_from_slice(buf);
            if let Some(message) = with_parameter(gathered) {
                self.startup = Startup::Sending(message, 0);
            }
            return Poll::Ready(Ok(buf.len()));
        }
        ready!(self.poll_startup(cx))?;
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_startup(cx))?;
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_startup(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replication<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const ASKED: &[u8] = b"\0\0\0\x11\0\x03\0\0user\0me\0\0";
    const SENT: &[u8] = b"\0\0\0\x26\0\x03\0\0user\0me\0replication\0database\0\0";

    #[tokio::test]
    async fn only_the_startup_message_changes_however_it_is_cut() {
        for cut in 0..=ASKED.len() {
            let (near, mut far) = tokio::io::duplex(1024);
            let mut stream = Replication::new(near);
            for part in [&ASKED[..cut], &ASKED[cut..]] {
                stream.write_all(part).await.unwrap();
                stream.flush().await.unwrap();
            }
            stream.write_all(b"after").await.unwrap();
            stream.flush().await.unwrap();
            drop(stream);
            let mut seen = Vec::new();
            far.read_to_end(&mut seen).await.unwrap();
            assert_eq!(seen, [SENT, b"after"].concat(), "cut at {cut}");
        }
    }

    #[test]
    fn a_short_message_waits() {
        assert_eq!(with_parameter(&ASKED[..3]), None);
        assert_eq!(with_parameter(&ASKED[..ASKED.len() - 1]), None);
    }
}
