//! The question bank over HTTP: `GET` and `POST /api/fte/modules/{code}/questions`, `PUT /api/fte/questions/{id}`. What is right goes in here
//! and doesn't come out, not even to who typed it. Must not log what it reads.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rerp_kit::http::{IfMatch, Json, Page, Paging, Path, Query};
use rerp_kit::idempotency::{Claim, Key as IdempotencyKey, Standing, replayed};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use schemars::JsonSchema;
use serde::Deserialize;

use super::answer;
use crate::domain::decimal;
use crate::domain::question::{self, Choice, Key, Kind, Question, Typed, TypedKey};
use crate::store::question::{self as store, Added, Changed, MOST, Newest};

/// What a decimal text looks like.
pub(crate) const DECIMAL: &str = r"^-?[0-9]+(\.[0-9]{1,8})?$";

/// What a question takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewQuestion")]
pub struct Body {
    /// How it is answered.
    #[schemars(with = "Kind")]
    kind: String,
    /// What is asked, for people.
    #[schemars(length(min = 1, max = 10_000))]
    prompt: String,
    /// What there is to choose: 2 to 20, each with an `id` of its own; nothing for a number.
    #[serde(default)]
    #[schemars(length(max = 20))]
    choices: Vec<Choice>,
    /// Decimal places of a number.
    #[serde(default)]
    #[schemars(range(min = 0, max = decimal::MOST))]
    decimals: i32,
    /// Points of a right answer.
    #[schemars(range(min = 1, max = 1_000))]
    points: i32,
    /// What they are multiplied by.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 100))]
    weight: i32,
    /// What is right. It goes in and doesn't come out.
    correct: Correct,
    /// Of changes only. Left out: it stays.
    retired: Option<bool>,
}

fn one() -> i32 {
    1
}

/// What is right: names of choices, or a decimal text and how far off is still right.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CorrectAnswer")]
struct Correct {
    /// Names of choices.
    choices: Option<Vec<String>>,
    /// A decimal text with no more places than the question has.
    #[schemars(regex(pattern = DECIMAL))]
    value: Option<String>,
    /// How far off is still right, a decimal text; nothing for exactly.
    #[schemars(regex(pattern = DECIMAL))]
    tolerance: Option<String>,
}

impl Body {
    fn check(&self) -> Result<(Question, Key), Problem> {
        let correct = TypedKey {
            choices: self.correct.choices.as_deref(),
            value: self.correct.value.as_deref(),
            tolerance: self.correct.tolerance.as_deref(),
        };
        let typed = Typed {
            kind: &self.kind,
            prompt: &self.prompt,
            choices: &self.choices,
            decimals: self.decimals,
            points: self.points,
            weight: self.weight,
            correct,
        };
        question::check(&typed).map_err(Problem::from)
    }
}

/// Adds a question to a module. Sessions that run go without it.
///
/// # Errors
/// A problem.
pub async fn add(
    State(db): State<Db>,
    Path(code): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let key = IdempotencyKey::of(&headers)?;
    if body.retired.is_some() {
        return Err(Problem::new(INVALID_VALUE).field("/retired", "must be left out: a new question is asked"));
    }
    let new = body.check()?;
    let (id, claim) = Claim::of_create("questions", key, &(&code, &new))?;
    match store::add(&db, id, &code, &new, claim).await.map_err(answer::not_inserted)? {
        Added::There(question) => {
            let location = format!("/api/fte/questions/{}", question.question_id);
            Ok(answer::created(&location, question.version, &question))
        }
        Added::NoModule => Err(answer::nothing("module")),
        Added::Full => Err(Problem::new(INVALID_VALUE).detail(format!("a module has at most {MOST} questions"))),
        Added::Key(Standing::Done(kept)) => Ok(replayed(StatusCode::CREATED, kept)),
        Added::Key(standing) => Err(answer::of_key(&standing)),
    }
}

/// A module's questions in their newest versions, a page of them. A question's `version`, in quotes, is its ETag.
///
/// # Errors
/// A problem.
pub async fn list(
    State(db): State<Db>,
    Path(code): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Page<Newest>>, Problem> {
    let (limit, after, most) = answer::paging(&paging)?;
    let rows = store::page(&db, &code, after, most).await?.ok_or_else(|| answer::nothing("module"))?;
    Ok(axum::Json(Page::of(rows, limit, |row| row.question_id)))
}

/// Adds a version to a question, for whoever has read the one that is there. Every change is one: what is right can't be compared by who
/// doesn't see it. Sessions that run keep the version they began with.
///
/// # Errors
/// A problem.
pub async fn change(
    State(db): State<Db>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let (id, meant) = (answer::identifier(&id)?, IfMatch::of(&headers)?);
    let new = body.check()?;
    match store::change(&db, id, &meant, &new, body.retired).await? {
        Changed::Done(question) => Ok(answer::versioned(StatusCode::OK, question.version, &question)),
        Changed::NotThere => Err(answer::nothing("question")),
        Changed::Missed => Err(IfMatch::missed()),
    }
}
