//! Test sessions over HTTP: `POST /api/fte/sessions`, `GET /api/fte/sessions/{session_id}` and `POST …/complete`. The time that counts is
//! ours: every answer has it as `Date`. Must not log what it reads.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path};
use rerp_kit::idempotency::{Claim, Key, Standing, replayed};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ALREADY_EXISTS, INVALID_VALUE, TOO_MANY_REQUESTS};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use super::module::CODE;
use super::scenario::explain;
use crate::admission::admit;
use crate::domain::session::NewSession;
use crate::state::AppState;
use crate::store::session::{self as store, Cause, Started};

/// What starting a session takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewSession")]
pub struct Body {
    /// Who takes the test: one's own identifier.
    #[schemars(with = "Uuid")]
    human_name_id: String,
    /// For which account.
    #[schemars(with = "Uuid")]
    account_id: String,
    /// The module's code.
    #[schemars(regex(pattern = CODE))]
    module: String,
}

/// Starts a session for oneself, if one may. Everybody who knows is asked before anything is written.
///
/// # Errors
/// A problem.
pub async fn start(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let wish = NewSession::new(&body.human_name_id, &body.account_id, &body.module)?;
    caller.must_be(wish.human_name_id, "/human_name_id")?;
    admit(&state, wish.human_name_id, wish.account_id).await?;
    let db = state.db.on_behalf(&caller);
    let (id, claim) = Claim::of_create("sessions", key, &wish)?;
    let started = match store::start(&db, id, &wish, claim).await {
        Err(error) if error.constraint() == Some("test_sessions_running") => return Err(runs(&db, &wish).await),
        started => started.map_err(answer::not_inserted)?,
    };
    match started {
        Started::There(session) => {
            Ok(answer::made(&format!("/api/fte/sessions/{}", session.session_id), session.as_ref()))
        }
        Started::NoModule => {
            Err(Problem::new(INVALID_VALUE).field("/module", "no module that is taught has this code"))
        }
        Started::NoQuestions => Err(Problem::new(INVALID_VALUE).field("/module", "this module asks nothing yet")),
        Started::Paused(seconds) => Err(Problem::new(TOO_MANY_REQUESTS)
            .detail(format!("the last attempt was not passed; the next one may begin in {seconds} seconds"))
            .retry_after(seconds)),
        Started::Key(Standing::Done(kept)) => Ok(replayed(StatusCode::CREATED, kept)),
        Started::Key(standing) => Err(answer::of_key(&standing)),
    }
}

/// The person has a session in this module: which, so that another device finds it.
async fn runs(db: &Db, wish: &NewSession) -> Problem {
    let problem = Problem::new(ALREADY_EXISTS).field("/module", "the person has a session in this module");
    match store::running(db, wish.human_name_id, &wish.module).await {
        Ok(Some(id)) => problem.detail(format!("the session {id} runs")),
        Ok(None) => problem.detail("a session has just ended; try again"),
        Err(error) => error.into(),
    }
}

/// A session with what it asks and what was answered. Whether answers are right it says once it is passed.
///
/// # Errors
/// A problem.
pub async fn by_id(State(db): State<Db>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = store::by_id(&db.on_behalf(&caller), answer::identifier(&id)?, caller.reach()).await?;
    Ok(answer::private(StatusCode::OK, &found.ok_or_else(|| answer::nothing("session"))?))
}

/// Ends a session: the same answer however often. What is under way in its scenarios comes to its end first.
///
/// # Errors
/// A problem.
pub async fn complete(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (id, reach) = (answer::identifier(&id)?, caller.reach());
    state.scenarios(&caller).settle(id, reach).await.map_err(explain)?;
    let ended = store::end(&state.db.on_behalf(&caller), id, Cause::Person(reach)).await?;
    Ok(answer::private(StatusCode::OK, &ended.ok_or_else(|| answer::nothing("session"))?))
}
