//! Connections to one backend that speaks plain HTTP/1.1: what an Ingress leads to, and nobody of ours. In: a request. Out: the answer. Must not
//! show our certificate, and doesn't: whoever may write an Ingress would speak to services in our name.

use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::lines::SendError;

/// Time a connection may take to open.
const CONNECT: Duration = Duration::from_secs(1);
/// Rest after which a connection is closed: less than servers keep theirs (Node: five seconds), or a request would meet the end of one.
const IDLE: Duration = Duration::from_secs(4);
/// Connections that rest.
const RESTING: usize = 32;

/// See the file's header.
#[derive(Debug)]
pub(super) struct Plain(Client<HttpConnector, Body>);

impl Plain {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).pool_max_idle_per_host(RESTING);
        Self(builder.build(connector))
    }

    /// Sends a request. One that a closing connection gives back unsent goes over another one.
    ///
    /// # Errors
    /// See [`SendError`].
    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, SendError> {
        self.0.request(request).await.map_err(|error| {
            if error.is_connect() { SendError::Connect(error.into()) } else { SendError::Broken(error.into()) }
        })
    }
}
