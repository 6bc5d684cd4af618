//! One request of a journey. In: a request that says everything but how it ends. Out: the JSON of an answer that acknowledges, or a reason.

use crate::load::attempt::{problem, reason};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use uuid::Uuid;

/// An answer that acknowledges nothing, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its status; none if there was no whole answer.
    pub status: Option<StatusCode>,
    /// A few words fit for counting, as for forms.
    pub reason: String,
}

impl Refused {
    /// Whether nothing is there, says the service.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.status == Some(StatusCode::NOT_FOUND)
    }
}

/// Sends it once; the client carries the timeout. An answer without a body is `null`.
///
/// # Errors
/// No answer, or one with another status than 200, 201 or 204, or one that is no JSON.
pub async fn call(request: RequestBuilder) -> Result<Value, Refused> {
    let lost = |error: reqwest::Error| Refused { status: None, reason: reason(&error) };
    let response = request.send().await.map_err(lost)?;
    let status = response.status();
    let body = response.bytes().await.map_err(lost)?;
    // 202 promises to write later: nothing is acknowledged yet.
    if ![StatusCode::OK, StatusCode::CREATED, StatusCode::NO_CONTENT].contains(&status) {
        return Err(Refused { status: Some(status), reason: problem(status.as_u16(), &body) });
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let reason = |_| Refused { status: Some(status), reason: format!("status {} without JSON", status.as_u16()) };
    serde_json::from_slice(&body).map_err(reason)
}

/// The identifier in a field of an answer.
#[must_use]
pub fn id(answer: &Value, field: &str) -> Option<Uuid> {
    answer[field].as_str()?.parse().ok()
}
