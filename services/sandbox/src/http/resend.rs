//! `/resend/emails…`: parse, call, answer as Resend does.

use super::vendor::{answered, document};
use super::world::World;
use crate::post::fault::Vendor;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rerp_kit::http::single_header;
use serde_json::json;
use std::sync::Arc;

/// `POST /resend/emails`.
pub(super) async fn send(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    answered(&world.faults, Vendor::Resend, || {
        // A key that can't be read is refused like an empty one: without it the mail would go out unprotected.
        let key = single_header(&headers, "idempotency-key").unwrap_or(Some(""));
        let sent = world.resend.send(account(&headers), key, &body, &world.mailbox);
        document(sent.map(|id| json!({ "id": id })), StatusCode::OK, |refusal| refusal.status)
    })
}

/// `GET /resend/emails/{id}`.
pub(super) async fn show(State(world): State<Arc<World>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    answered(&world.faults, Vendor::Resend, || {
        document(world.resend.find(account(&headers), &id), StatusCode::OK, |refusal| refusal.status)
    })
}

fn account(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
