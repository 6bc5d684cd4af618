//! Hooks of Supabase Auth, asked over HTTP. In: what is asked. Out: what was said, or why nothing was. Bounded in time and in attempts, as GoTrue is.

use crate::supabase::hook::{Heard, LARGEST, Name, body, heard, nobody, signature, unavailable, unreachable};
use crate::supabase::refusal::Refusal;
use crate::supabase::settings::Hook;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// How long all attempts together may take.
const LONGEST: Duration = Duration::from_secs(5);
/// How often a hook is asked.
const ATTEMPTS: u32 = 3;

/// Asks a hook.
pub(super) async fn ask(
    http: &reqwest::Client,
    hook: &Hook,
    name: Name,
    asked: Value,
    address: Option<&str>,
) -> Result<Value, Refusal> {
    let body = body(name, asked, address, Timestamp::now());
    timeout(LONGEST, attempts(http, hook, &body)).await.unwrap_or_else(|_| Err(unreachable(LONGEST.as_secs())))
}

async fn attempts(http: &reqwest::Client, hook: &Hook, body: &str) -> Result<Value, Refusal> {
    let mut last = nobody();
    for _ in 0..ATTEMPTS {
        match attempt(http, hook, body).await {
            Ok(Heard::Said(said)) => return Ok(said),
            Ok(Heard::Again) => last = unavailable(),
            Err(Some(refusal)) => return Err(refusal),
            Err(None) => last = nobody(),
        }
    }
    Err(last)
}

/// One attempt; an error without a refusal is one of the way there.
async fn attempt(http: &reqwest::Client, hook: &Hook, body: &str) -> Result<Heard, Option<Refusal>> {
    // Signed anew each time: another message, another time.
    let (id, at) = (Uuid::new_v4().to_string(), Timestamp::now().as_second());
    let request = http
        .post(hook.url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-signature", signature(&hook.secrets, &id, at, body))
        .header("webhook-timestamp", at.to_string())
        .header("webhook-id", id)
        .body(body.to_owned());
    let mut answer = request.send().await.map_err(|_| None::<Refusal>)?;
    let (number, again) = (answer.status().as_u16(), answer.headers().contains_key(RETRY_AFTER));
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut text = Vec::new();
    while text.len() <= LARGEST
        && let Some(chunk) = answer.chunk().await.map_err(|_| None::<Refusal>)?
    {
        text.extend_from_slice(&chunk);
    }
    heard(number, again, kind.as_deref(), &text).map_err(Some)
}
