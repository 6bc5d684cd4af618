//! `/stripe/v1/…`: parse, call, answer as Stripe does; and `/sandbox/stripe/…`: where events go, and when.

use super::vendor::{answered, status};
use super::world::World;
use crate::post::fault::Vendor;
use crate::stripe::VERSION;
use crate::stripe::call::{Answer, Call};
use crate::stripe::delivery::{Manner, arriving, signature};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse as _, Response};
use rerp_kit::http::{Json, single_header};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// How long the receiver of an event may take.
const RECEIVER: Duration = Duration::from_secs(10);
/// How often an event is sent to a receiver that refuses it.
const ATTEMPTS: u32 = 3;

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

/// Where events go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoint {
    url: Url,
    secrets: Vec<String>,
}

/// `PUT /sandbox/stripe/webhook`.
pub(super) async fn endpoint(State(world): State<Arc<World>>, Json(endpoint): Json<Endpoint>) -> Result<(), Problem> {
    if endpoint.secrets.is_empty() {
        return Err(Problem::new(INVALID_VALUE).field("/secrets", "at least one"));
    }
    world.webhook.lock().unwrap_or_else(PoisonError::into_inner).endpoint = Some(endpoint);
    Ok(())
}

/// What came of a delivery.
#[derive(Debug, Default, Serialize)]
pub(super) struct Delivered {
    /// Events that the receiver took, repetitions included.
    taken: usize,
    /// Events that it refused every time.
    refused: usize,
}

/// Where events go, and how many have been sent.
#[derive(Debug, Default)]
pub(super) struct Webhook {
    endpoint: Option<Endpoint>,
    sent: usize,
}

/// `POST /sandbox/stripe/deliver`: sends what has happened since the last time, one event after the other.
pub(super) async fn deliver(
    State(world): State<Arc<World>>,
    Json(manner): Json<Manner>,
) -> Result<axum::Json<Delivered>, Problem> {
    let (endpoint, events) = {
        let mut webhook = world.webhook.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoint = webhook.endpoint.clone();
        let endpoint = endpoint.ok_or_else(|| {
            Problem::new(INVALID_VALUE).detail("say first where events go: PUT /sandbox/stripe/webhook")
        })?;
        let (events, all) = world.stripe.events(webhook.sent);
        webhook.sent = all;
        (endpoint, events)
    };
    let mut delivered = Delivered::default();
    for event in arriving(&events, manner) {
        let body = event.to_string();
        if sent(&world.http, &endpoint, &body).await { delivered.taken += 1 } else { delivered.refused += 1 }
    }
    Ok(axum::Json(delivered))
}

async fn sent(http: &reqwest::Client, endpoint: &Endpoint, body: &str) -> bool {
    for _ in 0..ATTEMPTS {
        // Signed anew each time: the receiver's clock is the wall's, whatever the account's clock shows.
        let header = signature(body.as_bytes(), jiff::Timestamp::now().as_second(), &endpoint.secrets);
        let request = http.post(endpoint.url.clone()).header("stripe-signature", header);
        let request = request.header("content-type", "application/json").body(body.to_owned()).timeout(RECEIVER);
        if request.send().await.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
    }
    false
}
