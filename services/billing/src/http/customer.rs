//! Customers over HTTP: `POST /api/billing/customers`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::Json;
use rerp_kit::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use crate::state::AppState;

/// What making a customer takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewCustomer")]
pub struct Body {
    /// Who asks: one's own identifier.
    #[schemars(with = "Uuid")]
    human_name_id: String,
}

/// Makes oneself a customer at Stripe: 201, or 200 if the person is one. A person is one customer, so no key is needed.
///
/// # Errors
/// A problem.
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let person = answer::field("/human_name_id", &body.human_name_id)?;
    caller.must_be(person, "/human_name_id")?;
    state.identity.must_know(person, "/human_name_id").await?;
    let (customer, made) = state.asking(&caller).customer(person).await.map_err(answer::no_answer)?;
    let status = if made { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(customer)).into_response())
}
