//! The sandbox's trading service, which can go away and come back with all it holds, and whose answers can get lost. In: wishes of a test.
//! Out: its address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::service::serve_on;
use crate::support::{until, visitor};

pub(crate) struct Market {
    pub(crate) at: SocketAddr,
    router: Router,
    stop: CancellationToken,
    faults: Arc<Faults>,
}

/// How many of the next answers get lost after everything is done, whether everything is refused, and how many calls there were.
#[derive(Debug, Default)]
struct Faults {
    lose: AtomicU32,
    refuse: AtomicBool,
    calls: AtomicU32,
}

async fn pass(State(faults): State<Arc<Faults>>, request: Request, next: Next) -> Response {
    faults.calls.fetch_add(1, Ordering::SeqCst);
    if faults.refuse.load(Ordering::SeqCst) {
        return StatusCode::CONFLICT.into_response();
    }
    let answer = next.run(request).await;
    let lost = faults.lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if lost { StatusCode::BAD_GATEWAY.into_response() } else { answer }
}

impl Market {
    pub(crate) async fn open() -> Self {
        let faults = Arc::new(Faults::default());
        let router = rerp_sandbox::http::router(visitor()).layer(from_fn_with_state(Arc::clone(&faults), pass));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        serve_on(listener, router.clone(), stop.clone());
        Self { at, router, stop, faults }
    }

    /// Nobody answers any more.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        until("the market is closed", async || tokio::net::TcpStream::connect(self.at).await.is_err()).await;
    }

    /// The same scenarios at the same address.
    pub(crate) async fn reopen(&mut self) {
        self.stop = CancellationToken::new();
        let listener = TcpListener::bind(self.at).await.unwrap();
        serve_on(listener, self.router.clone(), self.stop.clone());
    }

    /// Loses the next answers.
    pub(crate) fn lose(&self, answers: u32) {
        self.faults.lose.store(answers, Ordering::SeqCst);
    }

    /// Refuses everything from now on, looks too.
    pub(crate) fn refuse(&self) {
        self.faults.refuse.store(true, Ordering::SeqCst);
    }

    pub(crate) fn calls(&self) -> u32 {
        self.faults.calls.load(Ordering::SeqCst)
    }
}
