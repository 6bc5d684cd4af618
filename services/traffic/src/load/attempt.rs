//! One attempt. In: a form, a connection. Out: the ids that were acknowledged, or one short reason.

use super::form::Form;
use serde::Deserialize;
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
}

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
    let body = response.bytes().await.map_err(|e| reason(&e))?;
    // 202 promises to write later: nothing is acknowledged yet.
    if status != reqwest::StatusCode::CREATED && status != reqwest::StatusCode::OK {
        return Err(problem(status.as_u16(), &body));
    }
    serde_json::from_slice(&body).map_err(|_| format!("status {} without the ids", status.as_u16()))
}

fn reason(error: &reqwest::Error) -> String {
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
fn problem(status: u16, body: &[u8]) -> String {
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
    fn problems_are_named_by_status_and_title() {
        let body = br#"{"type":"x","title":"Address refused","detail":"a@b is odd"}"#;
        assert_eq!(problem(422, body), "status 422: Address refused");
        assert_eq!(problem(502, b"<html>"), "status 502");
    }
}
