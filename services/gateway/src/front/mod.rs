//! The side of the outside. In: a listening socket, and a certificate or none. Out: requests for the gateway, until told to stop. The kit's
//! server isn't for this: it asks callers for certificates, and doesn't say where they come from.

pub mod certificate;
mod connection;
mod crowd;
mod pulse;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gateway::Gateway;
use connection::Reception;
use crowd::Crowd;

/// Pause after a failed accept (no file descriptor left, for instance), which would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where and how clients are received.
#[derive(Debug)]
pub struct Front {
    /// The socket.
    pub socket: TcpListener,
    /// None: in the clear.
    pub tls: Option<Arc<ServerConfig>>,
    /// Most connections at the same time; more wait in the socket's queue.
    pub connections: usize,
}

impl Front {
    /// Serves until `stop`, then drains: goes on as before for `drain_delay`, while load balancers learn that this pod is leaving; then
    /// takes no new connection, tells clients to close theirs after the present request, and waits at most `drain_timeout`.
    pub async fn serve(self, gateway: Arc<Gateway>, stop: CancellationToken) {
        let (http, leave, running) = (gateway.http, CancellationToken::new(), TaskTracker::new());
        let (crowd, trusted) = (Crowd::default(), gateway.trusted.clone());
        let reception = Reception::new(gateway, self.tls, leave.clone());
        let places = Arc::new(Semaphore::new(self.connections.min(Semaphore::MAX_PERMITS)));
        let leaving = async {
            stop.cancelled().await;
            sleep(http.drain_delay).await;
        };
        tokio::pin!(leaving);
        loop {
            let next = async {
                // Never closed, so there is always a place in the end.
                let place = Arc::clone(&places).acquire_owned().await.ok();
                (place, self.socket.accept().await)
            };
            let (place, accepted) = tokio::select! {
                next = next => next,
                () = &mut leaving => break,
            };
            match accepted {
                Ok((stream, from)) => {
                    // Closed at once if its address has as many as it may.
                    let Some(seat) = crowd.enter(from.ip(), &trusted) else { continue };
                    let reception = reception.clone();
                    running.spawn(async move {
                        reception.receive(stream, from.ip()).await;
                        drop((place, seat));
                    });
                }
                Err(error) => pause_after(&error).await,
            }
        }
        drop(self.socket);
        leave.cancel();
        running.close();
        if timeout(http.drain_timeout, running.wait()).await.is_err() {
            tracing::warn!("requests were still running at the end of the drain time");
        }
    }
}

async fn pause_after(error: &io::Error) {
    let harmless = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if !harmless.contains(&error.kind()) {
        tracing::warn!(error = error.to_string(), "can't accept a connection");
        sleep(ACCEPT_PAUSE).await;
    }
}
