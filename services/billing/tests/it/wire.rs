//! A wire to Stripe that loses, at the one call that charges somebody. In: what becomes of that call. Out: where billing finds Stripe behind it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use rerp_billing::asking::Asking;
use rerp_billing::state::AppState;
use rerp_billing::stripe::Stripe;
use tokio::sync::Semaphore;

use crate::platform::Platform;
use crate::support::service::serve;
use crate::support::visitor;

/// What becomes of a change of price on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is made, and answered.
    Free,
    /// It never arrives.
    Swallowed,
    /// It is made, and nobody hears of it.
    Deaf,
    /// It is made, and its answer takes for ever.
    Endless,
    /// It doesn't arrive until it is let go.
    Held,
}

pub(crate) struct Wire {
    sandbox: SocketAddr,
    http: reqwest::Client,
    way: Mutex<Way>,
    pub(crate) arrived: Semaphore,
    pub(crate) let_go: Semaphore,
    calls: AtomicU64,
}

impl Wire {
    /// A wire, and billing with Stripe at its other end.
    pub(crate) async fn to(p: &Platform) -> (Arc<Self>, AppState, SocketAddr) {
        let wire = Arc::new(Self {
            sandbox: p.sandbox,
            http: visitor(),
            way: Mutex::new(Way::Free),
            arrived: Semaphore::new(0),
            let_go: Semaphore::new(0),
            calls: AtomicU64::new(0),
        });
        let at = serve(Router::new().route("/stripe/{*path}", any(pass)).with_state(wire.clone())).await;
        let stripe = Stripe { base: format!("http://{at}/stripe").parse().unwrap(), ..p.state.stripe.clone() };
        let state = AppState { stripe, ..p.state.clone() };
        let billing = serve(rerp_billing::router(state.clone())).await;
        (wire, state, billing)
    }

    pub(crate) fn becomes(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }

    /// How many calls to change a price there were.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    async fn on(&self, method: reqwest::Method, path: String, from: &Request<()>, body: Bytes) -> Response {
        let mut call = self.http.request(method, format!("http://{}{path}", self.sandbox)).body(body);
        for name in ["authorization", "idempotency-key", "content-type", "stripe-version"] {
            if let Some(value) = from.headers().get(name) {
                call = call.header(name, value);
            }
        }
        let answer = call.send().await.unwrap();
        (answer.status(), [("content-type", "application/json")], answer.bytes().await.unwrap()).into_response()
    }
}

pub(crate) fn asking(state: &AppState) -> Asking {
    state.asking(&rerp_kit::access::Caller::Unchecked)
}

async fn pass(State(wire): State<Arc<Wire>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let (method, path) = (parts.method.clone(), parts.uri.path_and_query().unwrap().to_string());
    let text = String::from_utf8(body.to_vec()).unwrap();
    let changes = method == "POST" && path.starts_with("/stripe/v1/subscriptions/sub_") && text.contains("items");
    let from = Request::from_parts(parts, ());
    if !changes {
        return wire.on(method, path, &from, body).await;
    }
    wire.calls.fetch_add(1, Ordering::SeqCst);
    let way = *wire.way.lock().unwrap();
    match way {
        Way::Free => wire.on(method, path, &from, body).await,
        Way::Swallowed => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Way::Deaf => {
            assert_eq!(wire.on(method, path, &from, body).await.status(), 200);
            StatusCode::BAD_GATEWAY.into_response()
        }
        Way::Endless => {
            assert_eq!(wire.on(method, path, &from, body).await.status(), 200);
            wire.arrived.add_permits(1);
            std::future::pending().await
        }
        Way::Held => {
            wire.arrived.add_permits(1);
            wire.let_go.acquire().await.unwrap().forget();
            wire.on(method, path, &from, body).await
        }
    }
}
