//! Plans over HTTP: `GET /api/billing/plans`, and `PUT /api/billing/plans/{code}` for whoever runs the platform.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INTERNAL, INVALID_VALUE};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::answer;
use crate::domain::plan::Declared;
use crate::mirror::MirrorError;
use crate::state::AppState;
use crate::store::plan;

/// What declaring a plan takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    name: String,
    #[serde(default)]
    trial_days: i16,
    prices: Vec<Price>,
}

/// A price in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    amount: i64,
    currency: String,
    interval: String,
}

/// Declares what is offered of a plan: 204. Prices that are not in it any more are offered no more, and subscriptions at them go on.
/// Saying the same again is harmless, and mends what was interrupted.
///
/// # Errors
/// A problem: nothing was changed, or Stripe has to be asked again for new prices, which happens by itself.
pub async fn declare(
    State(state): State<AppState>,
    caller: Caller,
    Path(code): Path<String>,
    Json(body): Json<Body>,
) -> Result<StatusCode, Problem> {
    let prices: Vec<_> =
        body.prices.iter().map(|price| (price.amount, price.currency.as_str(), price.interval.as_str())).collect();
    let declared = Declared::new(&code, &body.name, body.trial_days, &prices)?;
    plan::declare(&state.db.on_behalf(&caller), &declared).await?;
    match state.asking(&caller).prices(Some(&declared.code)).await {
        Err(MirrorError::Refused(_)) => Err(Problem::new(INVALID_VALUE).field("/prices", "stripe refuses one of them")),
        made => made.map(drop).map_err(answer::no_answer),
    }?;
    Ok(StatusCode::NO_CONTENT)
}

/// How long an answer may be used without asking again, seconds.
const FRESH: &str = "public, max-age=60";

/// Everything that is offered. The ETag is a digest of the answer, so it changes with any price.
///
/// # Errors
/// A problem.
pub async fn list(State(db): State<Db>, headers: HeaderMap) -> Result<Response, Problem> {
    let plans = plan::offered(&db.at_work()).await?;
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
