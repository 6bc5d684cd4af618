//! What the apiserver says no with, and what a person is told instead. In: status and `Status` of an answer. Out: a problem. What is about the program
//! itself (its own token, that it may not speak for staff) is trouble of ours, and never told as a lack of the person's rights.

use std::error::Error;

use axum::http::StatusCode;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{DEPENDENCY_UNAVAILABLE, INVALID_VALUE, NOT_FOUND, NOT_PERMITTED, SEQUENCE_GAP};
use rerp_kit::telemetry::chain;
use serde::Deserialize;

use super::person::Person;

/// When trying again may help, in seconds.
const AGAIN: u32 = 2;
/// When it may where somebody has to mend something first.
const MENDED: u32 = 30;
/// So the apiserver begins to say that the program may not speak for somebody.
const NOT_FOR_THEM: &str = "cannot impersonate";
/// Longest text of the apiserver's that is passed on, in characters.
const WORDS: usize = 500;

/// The part of a `Status` that is looked at.
#[derive(Debug, Default, Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
}

/// The problem of an answer that is none of the 200s.
pub(super) fn refusal(person: &Person, status: StatusCode, body: &[u8]) -> Problem {
    let Status { message } = serde_json::from_slice(body).unwrap_or_default();
    match status {
        StatusCode::FORBIDDEN if !message.contains(NOT_FOR_THEM) => {
            Problem::new(NOT_PERMITTED).detail(format!("the cluster doesn't let the role {} do this", person.role))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            tracing::error!(status = status.as_u16(), message, "the portal may not speak for staff; look at its roles");
            let detail = "the portal itself is refused by the cluster; its log says why";
            Problem::new(DEPENDENCY_UNAVAILABLE).detail(detail).retry_after(MENDED)
        }
        StatusCode::NOT_FOUND => Problem::new(NOT_FOUND),
        StatusCode::CONFLICT => changed(),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            let words: String = message.chars().take(WORDS).collect();
            Problem::new(INVALID_VALUE).detail(format!("the cluster refuses this: {words}"))
        }
        _ => {
            tracing::warn!(status = status.as_u16(), message, "the apiserver is in trouble");
            Problem::new(DEPENDENCY_UNAVAILABLE).detail("the apiserver is in trouble").retry_after(AGAIN)
        }
    }
}

/// Somebody, or the operator, was faster.
pub(super) fn changed() -> Problem {
    Problem::new(SEQUENCE_GAP).detail("the migration has changed since you looked; look at it again, and decide anew")
}

/// There is no answer.
pub(super) fn away(what: &str, error: &(dyn Error + 'static)) -> Problem {
    tracing::warn!(error = chain(error), what, "the cluster can't be asked");
    Problem::new(DEPENDENCY_UNAVAILABLE).detail(what).retry_after(AGAIN)
}
