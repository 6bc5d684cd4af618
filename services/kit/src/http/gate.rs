//! May the caller of this connection still call? In: a request with its caller. Out: the request goes on, or a problem.
//! The handshake asked already; a connection lives longer than the list it was accepted by.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use super::listener::{Door, Peer};
use crate::problem::Problem;
use crate::problem::catalogue::CALLER_NOT_ALLOWED;
use crate::tls::{Caller, Mode};

/// Puts the gate in front of a router.
pub(super) fn gated(router: Router, door: Door) -> Router {
    router.layer(from_fn_with_state(door, gate))
}

async fn gate(State(door): State<Door>, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Peer>().map_or(&Caller::Unknown, |peer| &*peer.0);
    let admitted = door.tls.material().admit(caller).is_ok();
    let outcome = match (admitted, door.mode) {
        (true, _) => "allowed",
        (false, Mode::Audit) => "would_deny",
        (false, Mode::Strict) => "denied",
    };
    door.tls.metrics().callers.with_label_values(&[outcome]).inc();
    if admitted || door.mode == Mode::Audit {
        return next.run(request).await;
    }
    tracing::warn!(caller = caller.to_string(), "a caller that is no longer on the list was turned away");
    Problem::new(CALLER_NOT_ALLOWED).into_response()
}
