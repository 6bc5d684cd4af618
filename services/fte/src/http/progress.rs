//! `GET /api/fte/progress/{human_name_id}`: how far a person has come in each course.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rerp_kit::access::Caller;
use rerp_kit::http::Path;
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::answer;
use crate::store::progress::{self as store, Progress};

/// By course.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProgressByCourse")]
pub(crate) struct View {
    /// Identity's.
    human_name_id: Uuid,
    /// Courses that were begun.
    courses: Vec<Progress>,
}

/// Whoever never started has no course, known to Identity or not.
///
/// # Errors
/// A problem.
pub async fn of_person(State(db): State<Db>, caller: Caller, Path(person): Path<String>) -> Result<Response, Problem> {
    let human_name_id = answer::identifier(&person)?;
    let courses = store::of_person(&db.on_behalf(&caller), human_name_id).await?;
    Ok(answer::private(StatusCode::OK, &View { human_name_id, courses }))
}
