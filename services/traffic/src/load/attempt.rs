//! One attempt. In: a form, a connection. Out: the ids that were acknowledged and how long ago the address was written, or
//! one short reason.

use super::form::Form;
use reqwest::header::HeaderMap;
use rerp_kit::http::timing::{SERVER_TIMING, TOTAL, duration_of};
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

/// What an acknowledged form is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Acknowledged {
    /// Id of the stored row.
    pub id: Uuid,
    /// Id of the address it refers to.
    pub email_address_id: Uuid,
    /// Id of the company it refers to; none if none was named, or while nobody can say which one it is.
    #[serde(default)]
    pub company_id: Option<Uuid>,
    /// Time between the registry's answer and this one, as far as the service says; not the way between us and it.
    #[serde(skip)]
    pub since_written: Duration,
}

/// Who keeps the registry of addresses. A form waits for it before anything else: whatever isn't time spent on it came
/// after it, but for the reading of the form, which takes far less than a millisecond.
const REGISTRY: &str = "identity";

/// How much of a problem's text goes into a reason.
const REASON_LEN: usize = 120;

/// Posts the form once. The client carries the timeout.
///
/// # Errors
/// A reason fit for counting: no address, no id, the same words for the same cause.
pub async fn post(client: &reqwest::Client, base: &str, form: &Form) -> Result<Acknowledged, String> {
    let request =
        client.post(format!("{base}{}", form.path)).header("idempotency-key", form.key.to_string()).json(&form.body);
    let response = request.send().await.map_err(|e| reason(&e))?;
    let status = response.status();
    let since_written = since_written(response.headers());
    let body = response.bytes().await.map_err(|e| reason(&e))?;
    // 202 promises to write later: nothing is acknowledged yet.
    if status != reqwest::StatusCode::CREATED && status != reqwest::StatusCode::OK {
        return Err(problem(status.as_u16(), &body));
    }
    let ids: Acknowledged =
        serde_json::from_slice(&body).map_err(|_| format!("status {} without the ids", status.as_u16()))?;
    Ok(Acknowledged { since_written, ..ids })
}

/// Nothing where the service doesn't say: the write then counts from its acknowledgement.
fn since_written(headers: &HeaderMap) -> Duration {
    let timing = headers.get(SERVER_TIMING).and_then(|value| value.to_str().ok());
    let part = |whom| timing.and_then(|timing| duration_of(timing, whom));
    match (part(TOTAL), part(REGISTRY)) {
        (Some(total), Some(registry)) => total.saturating_sub(registry),
        _ => Duration::ZERO,
    }
}

/// A few words for an answer that did not come, or not whole.
pub(in crate::load) fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "timeout".to_owned()
    } else if error.is_connect() {
        "connect".to_owned()
    } else if error.is_body() || error.is_decode() {
        "answer cut off".to_owned()
    } else {
        "connection lost".to_owned()
    }
}

/// Status and `title` of an RFC 9457 problem: the title is the same for every problem of a type, the detail is not.
pub(in crate::load) fn problem(status: u16, body: &[u8]) -> String {
    let title = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|v| v.get("title").and_then(|t| t.as_str()).map(str::to_owned));
    match title {
        Some(title) => format!("status {status}: {}", title.chars().take(REASON_LEN).collect::<String>()),
        None => format!("status {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_older_than_its_acknowledgement_if_the_service_says_so() {
        for (timing, micros) in [
            (Some("identity;dur=3.2, account;dur=1.0, db;dur=2.0, total;dur=8.5"), 5_300),
            (Some("db;dur=2.0, total;dur=8.5"), 0),
            (Some("identity;dur=3.2"), 0),
            (Some("identity;dur=9, total;dur=8.5"), 0),
            (None, 0),
        ] {
            let headers =
                timing.map(|text| (reqwest::header::HeaderName::from_static(SERVER_TIMING), text.parse().unwrap()));
            assert_eq!(since_written(&headers.into_iter().collect()).as_micros(), micros, "{timing:?}");
        }
    }

    #[test]
    fn problems_are_named_by_status_and_title() {
        let body = br#"{"type":"x","title":"Address refused","detail":"a@b is odd"}"#;
        assert_eq!(problem(422, body), "status 422: Address refused");
        assert_eq!(problem(502, b"<html>"), "status 502");
    }
}
