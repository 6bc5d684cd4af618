//! Companies over HTTP: `POST /api/accounts/companies/upsert`, `GET /api/accounts/companies/{id or name}` and
//! `GET /api/accounts/companies?name=`, the form to prefer: a name may hold characters that proxies change in paths, and one
//! company may be called `upsert`. Must not log what it reads.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path, Query, strict_uuid};
use rerp_kit::idempotency::{Claim, Key, Standing, replayed};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INTERNAL, INVALID_VALUE, NOT_FOUND};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::company::CompanyName;
use crate::domain::provenance::Provenance;
use crate::store::company::{self as store, Stored};

/// What an upsert takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CompanyTyped")]
pub struct UpsertBody {
    /// The name as it was typed; of what is seen of it, at most 200 characters.
    #[schemars(length(min = 1, max = 4096))]
    name: String,
}

/// A name in the document.
const EXAMPLE: &str = "Acme";

/// What a search takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// The name, however it is spelled.
    #[schemars(length(min = 1, max = 4096), example = EXAMPLE)]
    name: String,
}

/// A company as others see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Company")]
pub struct Details {
    /// The one identifier of this company.
    pub company_id: Uuid,
    /// Its name as it was first written.
    pub name: String,
    /// Who named it first: `service`, `person`, `staff` or `unknown`.
    pub provenance: String,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When something about it last changed.
    pub updated_at: Timestamp,
}

/// Gives the identifier of a company, making one if there is none. The same for however many callers at once, and for
/// however the name is spelled. Needs no `Idempotency-Key` to be safe to repeat; with one, the answer is the same too.
///
/// # Errors
/// A problem.
pub async fn upsert(
    State(db): State<Db>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<UpsertBody>,
) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let name = CompanyName::parse(&body.name)
        .map_err(|error| Problem::new(INVALID_VALUE).field("/name", error.to_string()))?;
    let from = Provenance::from(&caller);
    let Some(key) = key else { return Ok(axum::Json(store::upsert(&db, &name, from).await?).into_response()) };
    let claim = Claim::new("companies-upsert", key, &name.key()).map_err(|_| Problem::new(INTERNAL))?;
    match store::upsert_once(&db, &name, from, claim).await? {
        Ok(upserted) => Ok(axum::Json(upserted).into_response()),
        Err(Standing::Done(answer)) => Ok(replayed(StatusCode::OK, answer)),
        Err(standing) => Err(standing.problem().unwrap_or_else(|| Problem::new(INTERNAL))),
    }
}

/// Details by identifier or name: 36 characters of UUID are an identifier, everything else is a name.
///
/// # Errors
/// A problem.
pub async fn by_path(State(db): State<Db>, Path(text): Path<String>) -> Result<axum::Json<Details>, Problem> {
    match strict_uuid(&text) {
        Some(id) => found(store::by_id(&db, id).await?),
        None => by_name(&db, &text).await,
    }
}

/// Details by name.
///
/// # Errors
/// A problem.
pub async fn by_query(State(db): State<Db>, Query(search): Query<Search>) -> Result<axum::Json<Details>, Problem> {
    by_name(&db, &search.name).await
}

async fn by_name(db: &Db, text: &str) -> Result<axum::Json<Details>, Problem> {
    let name = CompanyName::parse(text).map_err(|error| Problem::new(INVALID_VALUE).detail(error.to_string()))?;
    found(store::by_name(db, &name).await?)
}

fn found(stored: Option<Stored>) -> Result<axum::Json<Details>, Problem> {
    let stored = stored.ok_or_else(|| Problem::new(NOT_FOUND))?;
    Ok(axum::Json(Details {
        company_id: stored.id,
        name: stored.name,
        provenance: stored.provenance,
        created_at: stored.created_at.to_jiff(),
        updated_at: stored.updated_at.to_jiff(),
    }))
}
