//! `/stripe/v1/…`: parse, call, answer as Stripe does.

use super::vendor::{answered, status};
use super::world::World;
use crate::post::fault::Vendor;
use crate::stripe::VERSION;
use crate::stripe::call::{Answer, Call};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse as _, Response};
use rerp_kit::http::single_header;
use std::sync::Arc;
use uuid::Uuid;

/// Any call of Stripe's interface.
pub(super) async fn call(
    State(world): State<Arc<World>>,
    method: Method,
    Path(rest): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(&world.faults, Vendor::Stripe, || {
        // A key that can't be read is refused like an empty one: without it the call would go unprotected.
        let key = single_header(&headers, "idempotency-key").unwrap_or(Some(""));
        let query = query.unwrap_or_default();
        let form = if method == Method::GET { query.as_bytes() } else { &body };
        let path = format!("/v1/{rest}");
        let call = Call { method: method.as_str(), path: &path, account: account(&headers), key, form };
        respond(world.stripe.call(call), key.filter(|_| method == Method::POST))
    })
}

fn respond(answer: Answer, key: Option<&str>) -> Response {
    let mut response = (status(answer.status), axum::Json(answer.body)).into_response();
    response.headers_mut().insert("stripe-version", HeaderValue::from_static(VERSION));
    let request = format!("req_{}", Uuid::new_v4().simple());
    for (name, value) in [("request-id", Some(request.as_str())), ("idempotency-key", key)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    if answer.replayed {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

fn account(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
