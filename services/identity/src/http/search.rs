//! Whose address it is, for staff who say why: `GET /api/identity/people?email=`. Who was looked for is on record where there is somebody, the address never. Must not log
//! what it reads.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::audit::Errand;
use rerp_kit::http::Query;
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INVALID_VALUE;
use schemars::JsonSchema;
use serde::Serialize;

use super::email::Search;
use crate::domain::email::EmailAddress;
use crate::store::search::{self as store, Found};

/// Those whose present address it is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PeopleFound")]
pub struct People {
    /// Nobody, where the address is nobody's; whoever had it before is not among them.
    pub items: Vec<Found>,
}

/// People by their present address, however it is written.
///
/// # Errors
/// A problem.
pub async fn by_email(State(db): State<Db>, caller: Caller, Query(search): Query<Search>) -> Result<Response, Problem> {
    let errand = Errand::with_reason()?;
    let email =
        EmailAddress::parse(&search.email).map_err(|error| Problem::new(INVALID_VALUE).detail(error.to_string()))?;
    // Before anybody is shown it has to be known who goes on record with it.
    let whose = store::whose(&db.at_work(), &email).await?;
    let errand = whose.iter().fold(errand, |errand, id| errand.about(*id));
    let items = store::found(&db.on_behalf(&caller).telling(errand), &email, &whose).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(People { items })).into_response())
}
