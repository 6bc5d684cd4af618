//! More time for tests than others have: `PUT`, `GET` and `DELETE /api/fte/people/{human_name_id}/extra-time`. Given by staff, seen by its person, and nobody is asked why
//! it is needed. Sessions that run keep the time they began with.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use rerp_kit::access::Caller;
use rerp_kit::audit::Errand;
use rerp_kit::http::{Json, Path};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::answer;
use crate::domain::extra_time::{MOST, checked};
use crate::state::AppState;
use crate::store::extra_time as store;

/// What giving it takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewExtraTime")]
pub struct Body {
    /// Of a module's time, in percent of it.
    #[schemars(range(min = 1, max = MOST))]
    percent: i32,
}

/// Gives a person more time, from the next session on.
///
/// # Errors
/// A problem.
pub async fn give(
    State(state): State<AppState>,
    caller: Caller,
    Path(person): Path<String>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let (person, percent) = (answer::identifier(&person)?, checked(body.percent)?);
    state.identity.must_know(person, "/human_name_id").await?;
    let errand = Errand::at_hand().about(person).with(json!({ "percent": percent }));
    let given = store::give(&state.db.on_behalf(&caller).telling(errand), person, percent).await?;
    Ok(answer::private(StatusCode::OK, &given))
}

/// What a person has.
///
/// # Errors
/// A problem; whoever has the time that everybody has is answered 404.
pub async fn of_person(State(db): State<Db>, caller: Caller, Path(person): Path<String>) -> Result<Response, Problem> {
    let found = store::of_person(&db.on_behalf(&caller), answer::identifier(&person)?).await?;
    Ok(answer::private(StatusCode::OK, &found.ok_or_else(|| answer::nothing("extra time"))?))
}

/// Takes it away, from the next session on.
///
/// # Errors
/// A problem.
pub async fn take(State(db): State<Db>, caller: Caller, Path(person): Path<String>) -> Result<StatusCode, Problem> {
    let person = answer::identifier(&person)?;
    let db = db.on_behalf(&caller).telling(Errand::at_hand().about(person));
    if store::take(&db, person).await? { Ok(StatusCode::NO_CONTENT) } else { Err(answer::nothing("extra time")) }
}
