//! Two companies that are one, for staff: `POST` and `DELETE /api/accounts/companies/{company_id}/merge`. Whoever knows the merged one's identifier or name gets the other one from then on;
//! nothing that refers to it is rewritten, here or in another service, which is why it can be taken back.

use axum::extract::State;
use axum::http::StatusCode;
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ENDED, INVALID_VALUE, NOT_FOUND};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer;
use crate::store::company_merge::{self as store, Merged};

/// What merging takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CompanyMerge")]
pub struct Body {
    /// The company that it is.
    into: Uuid,
}

/// The company that both are.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OneCompany")]
pub struct One {
    /// Its identifier.
    company_id: Uuid,
}

/// Says that a company is another one. The same again changes nothing.
///
/// # Errors
/// A problem.
pub async fn merge(
    State(db): State<Db>,
    caller: Caller,
    Path(company): Path<String>,
    Json(body): Json<Body>,
) -> Result<axum::Json<One>, Problem> {
    let by = if let Caller::Staff { id } = &caller { Some(*id) } else { None };
    match store::merge(&db.on_behalf(&caller), answer::identifier(&company)?, body.into, by).await? {
        Merged::Is(company_id) => Ok(axum::Json(One { company_id })),
        Merged::Absent => Err(no_company()),
        Merged::NoTarget => Err(Problem::new(INVALID_VALUE).field("/into", "must be another company of the registry")),
        Merged::Elsewhere => {
            Err(Problem::new(ENDED).detail("it was merged into another company; take that back first"))
        }
    }
}

/// Takes it back.
///
/// # Errors
/// A problem.
pub async fn undo(State(db): State<Db>, caller: Caller, Path(company): Path<String>) -> Result<StatusCode, Problem> {
    if store::undo(&db.on_behalf(&caller), answer::identifier(&company)?).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(no_company())
}

fn no_company() -> Problem {
    Problem::new(NOT_FOUND).detail("there is no such company, or it is merged into none")
}
