//! Plans over HTTP: `GET /api/billing/plans`, and `PUT /api/billing/plans/{code}` for whoever runs the platform.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path, has_tag};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INTERNAL, INVALID_VALUE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::answer;
use crate::domain::plan::{Declared, Interval, LARGEST, LONGEST_TRIAL, MOST_PRICES, MOST_SEATS};
use crate::mirror::MirrorError;
use crate::state::AppState;
use crate::store::plan::{self, Plan};

/// What declaring a plan takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeclaredPlan")]
pub struct Body {
    /// Its name, for people.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// How long a new customer may try it, days.
    #[serde(default)]
    #[schemars(range(min = 0, max = LONGEST_TRIAL))]
    trial_days: i16,
    /// How many people may have a role in an account that has it; as many as they like if it is left out.
    #[schemars(range(min = 1, max = MOST_SEATS))]
    seats: Option<i32>,
    /// What it costs, a price for each currency and interval; none retires the plan.
    #[schemars(length(max = MOST_PRICES))]
    prices: Vec<Price>,
}

/// A price in it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeclaredPrice")]
struct Price {
    /// Minor units.
    #[schemars(range(min = 0, max = LARGEST))]
    amount: i64,
    /// Of ISO 4217.
    #[schemars(regex(pattern = "^[A-Za-z]{3}$"))]
    currency: String,
    /// How often it is paid.
    #[schemars(with = "Interval")]
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
    let declared = Declared::new(&code, &body.name, body.trial_days, &prices)?.seating(body.seats)?;
    plan::declare(&state.db.on_behalf(&caller), &declared).await?;
    match state.asking(&caller).prices(Some(&declared.code)).await {
        Err(MirrorError::Refused(_)) => Err(Problem::new(INVALID_VALUE).field("/prices", "stripe refuses one of them")),
        made => made.map(drop).map_err(answer::no_answer),
    }?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everything that is offered.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Plans")]
pub(crate) struct Offered {
    /// Plans with what they cost.
    items: Vec<Plan>,
}

/// How long an answer may be used without asking again, seconds.
const FRESH: &str = "public, max-age=60";

/// Everything that is offered. The ETag is a digest of the answer, so it changes with any price.
///
/// # Errors
/// A problem.
pub async fn list(State(db): State<Db>, headers: HeaderMap) -> Result<Response, Problem> {
    let offered = Offered { items: plan::offered(&db.at_work()).await? };
    let body = serde_json::to_vec(&offered).map_err(|_| Problem::new(INTERNAL))?;
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..16]));
    let known = has_tag(&headers, &tag)?;
    let etag = HeaderValue::from_str(&tag).map_err(|_| Problem::new(INTERNAL))?;
    let shared = [(header::ETAG, etag), (header::CACHE_CONTROL, HeaderValue::from_static(FRESH))];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, shared).into_response());
    }
    Ok((shared, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}
