//! Plans over HTTP: `GET /api/billing/plans`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INTERNAL;
use sha2::{Digest as _, Sha256};

use crate::store::plan;

/// How long an answer may be used without asking again, seconds.
const FRESH: &str = "public, max-age=60";

/// Everything that is offered. The ETag is a digest of the answer, so it changes with any price.
///
/// # Errors
/// A problem.
pub async fn list(State(db): State<Db>, headers: HeaderMap) -> Result<Response, Problem> {
    let plans = plan::offered(&db).await?;
    let body = serde_json::to_vec(&serde_json::json!({ "items": plans })).map_err(|_| Problem::new(INTERNAL))?;
    let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..16]));
    let etag = HeaderValue::from_str(&etag).map_err(|_| Problem::new(INTERNAL))?;
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == etag.as_bytes());
    let shared = [(header::ETAG, etag), (header::CACHE_CONTROL, HeaderValue::from_static(FRESH))];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, shared).into_response());
    }
    Ok((shared, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}
