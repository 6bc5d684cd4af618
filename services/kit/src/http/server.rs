//! The listening side. In come a socket and a router; out go answers, until told to stop. Must not know routes.

use std::io;
use std::time::Duration;

use axum::Router;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::connection::Reception;
use super::gate::gated;
use super::listener::Listener;
use crate::config::HttpSettings;

/// Pause after a failed accept (no file descriptor left, for instance), which would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop`, in the clear or with mutual TLS as `listener` has it, then drains: goes on as before for `drain_delay`,
/// while load balancers learn that this pod is leaving; then takes no new connection, tells clients to close theirs after
/// the present request, and waits at most `drain_timeout`.
pub async fn serve(listener: impl Into<Listener>, router: Router, settings: HttpSettings, stop: CancellationToken) {
    let Listener { socket, door } = listener.into();
    let router = match &door {
        Some(door) => gated(router, door.clone()),
        None => router,
    };
    let reception = Reception::new(router, door, settings.header_timeout);
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
            Ok((stream, from)) => reception.take(stream, from),
            Err(error) => pause_after(&error).await,
        }
    }
    drop(socket);
    if !reception.drain(settings.drain_timeout).await {
        tracing::warn!("requests were still running at the end of the drain time");
    }
}

async fn pause_after(error: &io::Error) {
    let harmless = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    if !harmless.contains(&error.kind()) {
        tracing::warn!(error = error.to_string(), "can't accept a connection");
        sleep(ACCEPT_PAUSE).await;
    }
}
