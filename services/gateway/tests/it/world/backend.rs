//! A service behind the gateway: it remembers what it heard, and does what it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use futures::StreamExt as _;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::DATABASE_UNAVAILABLE;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::support::service::serve_until;

/// A request as a service sees it.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What to do with the next request, instead of answering 200.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Do {
    /// A problem: 503.
    Fail,
    /// 500, in words that nobody should see.
    Leak,
    /// This status, without a body.
    Deny(u16),
    /// 200, but late.
    Wait(Duration),
    /// A problem, but late.
    FailAfter(Duration),
    /// 200, and then not all of the body.
    Break,
    /// 200, and so many bytes, without saying how many.
    Pour(usize),
}

#[derive(Debug, Default)]
struct Inner {
    heard: Vec<Heard>,
    next: VecDeque<Do>,
}

#[derive(Clone)]
pub(crate) struct Backend {
    inner: Arc<Mutex<Inner>>,
    at: SocketAddr,
    pub(crate) stop: CancellationToken,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        let (inner, stop) = (Arc::new(Mutex::new(Inner::default())), CancellationToken::new());
        let router = Self::router(Arc::clone(&inner));
        Self { at: serve_until(router, stop.clone()).await, inner, stop }
    }

    fn router(inner: Arc<Mutex<Inner>>) -> Router {
        Router::new().route("/{*path}", any(answer)).with_state(inner)
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}", self.at).parse().unwrap()
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.inner.lock().unwrap().heard.clone()
    }

    /// The last request, which there must be.
    pub(crate) fn last(&self) -> Heard {
        self.heard().pop().expect("a request came through")
    }

    pub(crate) fn next(&self, things: impl IntoIterator<Item = Do>) {
        self.inner.lock().unwrap().next.extend(things);
    }
}

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let next = {
        let mut inner = inner.lock().unwrap();
        let target = uri.path_and_query().unwrap().to_string();
        inner.heard.push(Heard { method, target, headers, body });
        inner.next.pop_front()
    };
    match next {
        Some(Do::Fail) => Problem::new(DATABASE_UNAVAILABLE).retry_after(7).into_response(),
        Some(Do::Leak) => (StatusCode::INTERNAL_SERVER_ERROR, "password=secret").into_response(),
        Some(Do::Deny(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Do::Wait(time)) => {
            tokio::time::sleep(time).await;
            "late".into_response()
        }
        Some(Do::FailAfter(time)) => {
            tokio::time::sleep(time).await;
            Problem::new(DATABASE_UNAVAILABLE).into_response()
        }
        Some(Do::Break) => {
            // The beginning is on its way by then: a stream that is reset at once loses its head, too.
            let broken = async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(std::io::Error::other("broken"))
            };
            let begun = futures::stream::iter([Ok(Bytes::from_static(b"fi"))]);
            Body::from_stream(begun.chain(futures::stream::once(broken))).into_response()
        }
        Some(Do::Pour(bytes)) => {
            let parts = (0..bytes.div_ceil(1000)).map(move |at| bytes.saturating_sub(at * 1000).min(1000));
            let parts = parts.map(|size| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; size])));
            Body::from_stream(futures::stream::iter(parts)).into_response()
        }
        None => {
            let inner =
                [("x-rerp-inner", "x"), ("server", "x"), ("set-cookie", "a=b"), ("etag", "\"1\""), ("vary", "accept")];
            (inner, "fine").into_response()
        }
    }
}
