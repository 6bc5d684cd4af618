//! `/sandbox/stripe/webhook` and `/sandbox/stripe/deliver`: where Stripe's events go, and when: as they happen, or all that have happened, when it is asked for.

use super::world::World;
use crate::stripe::delivery::{Manner, arriving, signature};
use axum::extract::State;
use rerp_kit::http::Json;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use url::Url;

/// How long the receiver of an event may take.
const RECEIVER: Duration = Duration::from_secs(10);
/// How often an event is sent to a receiver that refuses it.
const ATTEMPTS: u32 = 3;
/// Between attempts at a receiver that is asked as things happen: it may be away for a moment.
const AGAIN: Duration = Duration::from_secs(2);
/// How often it is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(200);

/// Where events go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoint {
    url: Url,
    secrets: Vec<String>,
    /// What happens from now on is sent at once, as Stripe does; without it, what has happened is sent when it is asked for.
    #[serde(default)]
    prompt: bool,
}

/// Where events go, and how many have been sent.
#[derive(Debug, Default)]
pub(super) struct Webhook(Mutex<Course>);

#[derive(Debug, Default)]
struct Course {
    endpoint: Option<Endpoint>,
    sent: usize,
    /// Of the endpoint: who sends to an earlier one stops.
    turn: u64,
}

impl Webhook {
    fn course(&self) -> MutexGuard<'_, Course> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Sends events there, or nowhere. Gives the turn of this endpoint.
    fn lead(&self, endpoint: Option<Endpoint>) -> u64 {
        let mut course = self.webhook.course();
        if endpoint.as_ref().is_some_and(|endpoint| endpoint.prompt) {
            course.sent = self.stripe.events(course.sent).1;
        }
        course.endpoint = endpoint;
        course.turn += 1;
        course.turn
    }

    /// Where events go, and what hasn't been sent, which counts as sent from now on. Nothing if they go nowhere, or elsewhere than at this turn.
    fn take(&self, turn: Option<u64>) -> Option<(Endpoint, Vec<Value>)> {
        let mut course = self.webhook.course();
        let endpoint = course.endpoint.clone().filter(|_| turn.is_none_or(|turn| turn == course.turn))?;
        let (events, all) = self.stripe.events(course.sent);
        course.sent = all;
        Some((endpoint, events))
    }
}

/// `PUT /sandbox/stripe/webhook`.
pub(super) async fn endpoint(State(world): State<Arc<World>>, Json(endpoint): Json<Endpoint>) -> Result<(), Problem> {
    if endpoint.secrets.is_empty() {
        return Err(Problem::new(INVALID_VALUE).field("/secrets", "at least one"));
    }
    let is_prompt = endpoint.prompt;
    let turn = world.lead(Some(endpoint));
    if is_prompt {
        tokio::spawn(follow(world, turn));
    }
    Ok(())
}

/// `DELETE /sandbox/stripe/webhook`: events go nowhere.
pub(super) async fn withdraw(State(world): State<Arc<World>>) {
    world.lead(None);
}

/// Sends what happens, in its order, until events go elsewhere.
async fn follow(world: Arc<World>, turn: u64) {
    while let Some((endpoint, events)) = world.take(Some(turn)) {
        for event in events {
            sent(&world.http, &endpoint, &event.to_string(), AGAIN).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What came of a delivery.
#[derive(Debug, Default, Serialize)]
pub(super) struct Delivered {
    /// Events that the receiver took, repetitions included.
    taken: usize,
    /// Events that it refused every time.
    refused: usize,
}

/// `POST /sandbox/stripe/deliver`: sends what has happened since the last time, one event after the other.
pub(super) async fn deliver(
    State(world): State<Arc<World>>,
    Json(manner): Json<Manner>,
) -> Result<axum::Json<Delivered>, Problem> {
    let (endpoint, events) = world
        .take(None)
        .ok_or_else(|| Problem::new(INVALID_VALUE).detail("say first where events go: PUT /sandbox/stripe/webhook"))?;
    let mut delivered = Delivered::default();
    for event in arriving(&events, manner) {
        let is_taken = sent(&world.http, &endpoint, &event.to_string(), Duration::ZERO).await;
        if is_taken { delivered.taken += 1 } else { delivered.refused += 1 }
    }
    Ok(axum::Json(delivered))
}

/// Whether the receiver took it, at one of a few attempts.
async fn sent(http: &reqwest::Client, endpoint: &Endpoint, body: &str, pause: Duration) -> bool {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(pause).await;
        }
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
