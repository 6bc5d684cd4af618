//! Texts that visitors agree to: `PUT` and `GET /api/marketing/consent-texts/{version}`. A form names the version in `consent`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::audit::Errand;
use rerp_kit::http::{Json, Path};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ALREADY_EXISTS, NOT_FOUND};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::answer;
use crate::domain::consent::ConsentText;
use crate::state::AppState;
use crate::store::consent as store;

/// What a declaration takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewConsentText")]
pub struct Body {
    /// What visitors read; may have several lines.
    #[schemars(length(min = 1, max = 20_000))]
    text: String,
}

/// Declares a text. The same again changes nothing; another one under the same version is refused, for somebody may have agreed to the first.
///
/// # Errors
/// A problem.
pub async fn declare(
    State(state): State<AppState>,
    caller: Caller,
    Path(version): Path<String>,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let new = ConsentText::new(&version, &body.text)?;
    let errand = Errand::at_hand().with(json!({ "version": new.version }));
    let declared = store::declare(&state.db.on_behalf(&caller).telling(errand), &new).await?;
    if declared.text != new.text {
        let detail = "another text has this version; give the changed text a version of its own";
        return Err(Problem::new(ALREADY_EXISTS).detail(detail));
    }
    Ok(answer::private(StatusCode::OK, &declared))
}

/// A text, for everybody. It never changes.
///
/// # Errors
/// A problem.
pub async fn show(State(state): State<AppState>, Path(version): Path<String>) -> Result<Response, Problem> {
    let found = store::by_version(&state.db.at_work(), &version).await?;
    let found = found.ok_or_else(|| Problem::new(NOT_FOUND).detail("there is no such text"))?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=86400, immutable")], axum::Json(found)).into_response())
}
