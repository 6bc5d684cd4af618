//! May the caller of this connection still call? In: a request with its caller. Out: the request goes on, or a problem.
//! The handshake asked already; a connection lives longer than the list, the roots and the certificate it was accepted by.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use rustls::pki_types::UnixTime;

use super::listener::{Conversation, Door};
use crate::grpc;
use crate::problem::Problem;
use crate::problem::catalogue::CALLER_NOT_ALLOWED;
use crate::tls::{Caller, Mode};

/// Puts the gate in front of a router.
pub(super) fn gated(router: Router, door: Door) -> Router {
    router.layer(from_fn_with_state(door, gate))
}

async fn gate(State(door): State<Door>, request: Request, next: Next) -> Response {
    let conversation = request.extensions().get::<Arc<Conversation>>().cloned();
    let (material, version) = (door.tls.material(), request.version());
    let grpc = grpc::is_call(request.headers());
    let caller = conversation.as_ref().map_or(&Caller::Unknown, |one| one.peer.caller());
    let admitted = material.admit(caller).is_ok();
    let proved = conversation.as_ref().is_some_and(|one| one.peer.is_proved(&material, UnixTime::now()));
    let outcome = match (admitted, door.mode) {
        (true, _) => "allowed",
        (false, Mode::Audit) => "would_deny",
        (false, Mode::Strict) => "denied",
    };
    door.tls.metrics().callers.with_label_values(&[outcome]).inc();
    let mut response = if outcome == "denied" {
        tracing::warn!(%caller, "a caller that is no longer on the list was turned away");
        let refusal = Problem::new(CALLER_NOT_ALLOWED).into_response();
        if grpc { grpc::speak(refusal) } else { refusal }
    } else {
        next.run(request).await
    };
    if !proved || outcome == "denied" {
        part(&mut response, version, conversation.as_deref());
    }
    response
}

/// The last answer on this connection: the next request shakes hands anew. Told together with the answer, so that no request
/// is lost on a connection that is just being closed.
fn part(response: &mut Response, version: Version, conversation: Option<&Conversation>) {
    if version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    } else if let Some(conversation) = conversation {
        conversation.leave.cancel();
    }
}
