//! `POST /api/fte/sessions/{session_id}/answers`: saves an answer, as often as its person likes while the session runs. It says neither whether
//! the answer is right nor what would be. Must not log what it reads.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ENDED, INVALID_VALUE, SEQUENCE_GAP};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use super::question::DECIMAL;
use crate::store::saved::{self as store, Saved, Wish};

/// What saving an answer takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAnswer")]
pub struct Body {
    /// Which question of the session.
    #[schemars(with = "Uuid")]
    question_id: String,
    /// The revision that the sender has seen; 0 before the first answer.
    #[schemars(range(min = i32::MIN, max = i32::MAX))]
    expected_revision: i32,
    /// What is answered.
    answer: Given,
}

/// An answer: names of choices, or a decimal text.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GivenAnswer")]
struct Given {
    /// Names of choices.
    choices: Option<Vec<String>>,
    /// A decimal text with no more places than the question has.
    #[schemars(regex(pattern = DECIMAL))]
    value: Option<String>,
}

/// Saves an answer.
///
/// # Errors
/// A problem.
pub async fn save(
    State(db): State<Db>,
    caller: Caller,
    Path(session): Path<String>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let wish = Wish {
        session_id: answer::identifier(&session)?,
        question_id: answer::field("/question_id", &body.question_id)?,
        expected_revision: body.expected_revision,
        choices: body.answer.choices,
        value: body.answer.value,
    };
    match store::save(&db.on_behalf(&caller), &wish, caller.reach()).await? {
        Saved::Done(receipt) => Ok(answer::private(StatusCode::OK, &receipt)),
        Saved::NotThere => Err(answer::nothing("session")),
        Saved::NoQuestion => {
            Err(Problem::new(INVALID_VALUE).field("/question_id", "the session does not ask this question"))
        }
        Saved::Ended => Err(Problem::new(ENDED).detail("the session has ended")),
        Saved::Late => Err(Problem::new(ENDED).detail("the time of the session is over")),
        Saved::Wrong(mistakes) => Err(mistakes.into()),
        Saved::Stale(present) => Err(Problem::new(SEQUENCE_GAP)
            .detail(format!("the answer has revision {present}: read the session again"))
            .field("/expected_revision", "is not the present revision")),
    }
}
