//! Modules over HTTP: `GET` and `POST /api/fte/modules`, `GET` and `PUT /api/fte/modules/{code}`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::http::{IfMatch, Json, Page, Paging, Path, Query, etag, has_version};
use rerp_kit::idempotency::{Claim, Key, Standing, replayed};
use rerp_kit::pool::{Db, DbError};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ALREADY_EXISTS, INVALID_VALUE};
use schemars::JsonSchema;
use serde::Deserialize;

use super::answer;
use crate::domain::module::{NewModule, Terms, TestType, Typed};
use crate::store::module::{self as store, Changed, Module};

/// What a name for machines looks like.
pub(crate) const CODE: &str = "^[a-z][a-z0-9-]{1,62}$";

/// What adding a module takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewModule")]
pub struct NewBody {
    /// Its name in paths, for ever.
    #[schemars(regex(pattern = CODE))]
    code: String,
    /// The course it is part of, for ever.
    #[schemars(regex(pattern = CODE))]
    course: String,
    /// What it tests, for ever.
    #[schemars(with = "TestType")]
    test_type: String,
    /// For people, one line.
    #[schemars(length(min = 1, max = 200))]
    title: String,
    /// For people.
    #[schemars(length(min = 1, max = 5_000))]
    description: Option<String>,
    /// The share of all points that passes, in hundredths of a percent.
    #[schemars(range(min = 0, max = 10_000))]
    pass_bp: i32,
    /// How many seconds a session has.
    #[schemars(range(min = 30, max = 86_400))]
    time_limit_s: i32,
    /// How many days a certificate of the course is valid; of a final assessment only.
    #[schemars(range(min = 1, max = 36_500))]
    certificate_days: Option<i32>,
    /// How many seconds somebody who has not passed waits.
    #[schemars(range(min = 0, max = 2_592_000))]
    retry_pause_s: Option<i32>,
}

/// What changing a module takes: all of it but what it is for ever. Without `retired` or `retry_pause_s` those stay too.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChangedModule")]
pub struct ChangedBody {
    /// For people, one line.
    #[schemars(length(min = 1, max = 200))]
    title: String,
    /// For people.
    #[schemars(length(min = 1, max = 5_000))]
    description: Option<String>,
    /// The share of all points that passes, in hundredths of a percent.
    #[schemars(range(min = 0, max = 10_000))]
    pass_bp: i32,
    /// How many seconds a session has.
    #[schemars(range(min = 30, max = 86_400))]
    time_limit_s: i32,
    /// How many days a certificate of the course is valid; of a final assessment only.
    #[schemars(range(min = 1, max = 36_500))]
    certificate_days: Option<i32>,
    /// How many seconds somebody who has not passed waits.
    #[schemars(range(min = 0, max = 2_592_000))]
    retry_pause_s: Option<i32>,
    /// Nobody can start it any more.
    retired: Option<bool>,
}

/// Adds a module to a course.
///
/// # Errors
/// A problem.
pub async fn add(State(db): State<Db>, headers: HeaderMap, Json(body): Json<NewBody>) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let typed = Typed {
        title: &body.title,
        description: body.description.as_deref(),
        pass_bp: body.pass_bp,
        time_limit_s: body.time_limit_s,
        certificate_days: body.certificate_days,
        retry_pause_s: body.retry_pause_s,
    };
    let new = NewModule::new(&body.code, &body.course, &body.test_type, &typed)?;
    let (id, claim) = Claim::of_create("modules", key, &new)?;
    match store::add(&db, id, &new, claim).await {
        Ok(Ok(module)) => Ok(answer::created(&format!("/api/fte/modules/{}", module.code), module.version, &module)),
        Ok(Err(Standing::Done(answer))) => Ok(replayed(StatusCode::CREATED, answer)),
        Ok(Err(standing)) => Err(answer::of_key(&standing)),
        Err(error) => Err(explain(error)),
    }
}

fn explain(error: DbError) -> Problem {
    match error.constraint() {
        Some("modules_code") => Problem::new(ALREADY_EXISTS).field("/code", "a module has this code"),
        Some("modules_final") => {
            Problem::new(ALREADY_EXISTS).field("/course", "the course has a final assessment already")
        }
        _ => answer::not_inserted(error),
    }
}

/// All modules, a page of them, retired ones among them.
///
/// # Errors
/// A problem.
pub async fn list(State(db): State<Db>, Query(paging): Query<Paging>) -> Result<axum::Json<Page<Module>>, Problem> {
    let (limit, after, most) = answer::paging(&paging)?;
    let rows = store::page(&db, after, most).await?;
    Ok(axum::Json(Page::of(rows, limit, |row| row.module_id)))
}

/// A module by code.
///
/// # Errors
/// A problem.
pub async fn by_code(State(db): State<Db>, Path(code): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let module = store::by_code(&db, &code).await?.ok_or_else(|| answer::nothing("module"))?;
    if has_version(&headers, module.version)? {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag(module.version))]).into_response());
    }
    Ok(answer::versioned(StatusCode::OK, module.version, &module))
}

/// Changes a module, for whoever has read what it is now.
///
/// # Errors
/// A problem.
pub async fn change(
    State(db): State<Db>,
    Path(code): Path<String>,
    headers: HeaderMap,
    Json(body): Json<ChangedBody>,
) -> Result<Response, Problem> {
    let meant = IfMatch::of(&headers)?;
    let typed = Typed {
        title: &body.title,
        description: body.description.as_deref(),
        pass_bp: body.pass_bp,
        time_limit_s: body.time_limit_s,
        certificate_days: body.certificate_days,
        retry_pause_s: body.retry_pause_s,
    };
    let terms = Terms::new(&typed)?;
    match store::change(&db, &code, &meant, &terms, body.retired).await.map_err(explain)? {
        Changed::Done(module) => Ok(answer::versioned(StatusCode::OK, module.version, &module)),
        Changed::NotThere => Err(answer::nothing("module")),
        Changed::Missed => Err(IfMatch::missed()),
        Changed::NotFinal => {
            Err(Problem::new(INVALID_VALUE)
                .field("/certificate_days", "must be left out: only a final assessment has it"))
        }
    }
}
