//! How connections begin. In: a socket, in the clear or with mutual TLS. Out: a stream and who is at its other end.
//! Must not read requests.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::UnixTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::telemetry::chain;
use crate::tls::{Mode, Peer, Tls};

/// Time a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// A listening socket and how callers are received on it.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: TcpListener,
    pub(super) door: Option<Door>,
}

/// Mutual TLS in front of a socket.
#[derive(Debug, Clone)]
pub(super) struct Door {
    pub(super) tls: Tls,
    pub(super) mode: Mode,
}

impl From<TcpListener> for Listener {
    /// In the clear, for everybody who can reach the socket.
    fn from(socket: TcpListener) -> Self {
        Self { socket, door: None }
    }
}

impl Listener {
    /// With mutual TLS where there are a certificate and a mode, in the clear otherwise.
    #[must_use]
    pub fn new(socket: TcpListener, tls: Option<Tls>, mode: Option<Mode>) -> Self {
        Self { socket, door: tls.zip(mode).map(|(tls, mode)| Door { tls, mode }) }
    }
}

/// Why a connection did not come about.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error("setting up TLS")]
    Setup(#[source] rustls::Error),
    #[error("shaking hands")]
    Failed(#[source] io::Error),
    #[error("the handshake took too long")]
    TimedOut,
}

impl HandshakeError {
    fn label(&self) -> &'static str {
        match self {
            Self::Setup(_) => "broken",
            Self::TimedOut => "timed_out",
            Self::Failed(error) if is_refusal(error) => "refused",
            Self::Failed(_) => "failed",
        }
    }
}

/// Whether we turned the caller away, in contrast to a line that broke.
fn is_refusal(error: &io::Error) -> bool {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(cause, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented))
}

impl Door {
    /// Shakes hands with the material that holds now, and says who came.
    pub(super) async fn receive(
        &self,
        stream: TcpStream,
        from: SocketAddr,
    ) -> Result<(TlsStream<TcpStream>, Peer), HandshakeError> {
        let met = self.shake(stream).await;
        let outcome = met.as_ref().map_or_else(HandshakeError::label, |_| "ok");
        self.tls.metrics().handshakes.with_label_values(&[outcome]).inc();
        match &met {
            Err(error) if outcome == "refused" => {
                tracing::info!(from = %from, error = chain(error), "a caller was turned away");
            }
            Ok((_, peer)) if self.mode == Mode::Audit && self.tls.material().admit(peer.caller()).is_err() => {
                let caller = peer.caller();
                tracing::warn!(from = %from, %caller, "let in by Audit; Strict would turn this caller away");
            }
            _ => {}
        }
        met
    }

    async fn shake(&self, stream: TcpStream) -> Result<(TlsStream<TcpStream>, Peer), HandshakeError> {
        let config = self.tls.server(self.mode).map_err(HandshakeError::Setup)?;
        let accepting = TlsAcceptor::from(config).accept(stream);
        let stream = timeout(HANDSHAKE, accepting)
            .await
            .map_err(|_| HandshakeError::TimedOut)?
            .map_err(HandshakeError::Failed)?;
        let peer = Peer::new(stream.get_ref().1.peer_certificates(), self.tls.material(), UnixTime::now());
        Ok((stream, peer))
    }
}

/// A connection with mutual TLS, as an extension of its requests.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) peer: Peer,
    /// Cancelled when the client is to close it.
    pub(super) leave: CancellationToken,
}
