//! Accounts over HTTP: `POST /api/accounts` and `GET /api/accounts/{account_id}`. Must not log what it reads.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path, etag, has_version};
use rerp_kit::idempotency::{Claim, Key, Standing, replayed};
use rerp_kit::pool::{Db, DbError};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ALREADY_EXISTS, INVALID_VALUE};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use crate::domain::account::{Kind, NewAccount};
use crate::state::AppState;
use crate::store::account as store;

/// What opening an account takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAccount")]
pub struct Body {
    /// Who opens it: one's own identifier.
    #[schemars(with = "Uuid")]
    human_name_id: String,
    /// What kind.
    #[schemars(with = "Kind")]
    kind: String,
    /// The company that a business account is for.
    #[schemars(with = "Option<Uuid>")]
    company_id: Option<String>,
}

/// Opens an account for oneself; who opens it owns it. Identity is asked before anything is written.
///
/// # Errors
/// A problem.
pub async fn open(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let new = NewAccount::new(&body.human_name_id, &body.kind, body.company_id.as_deref())?;
    caller.must_be(new.human_name_id, "/human_name_id")?;
    state.identity.must_know(new.human_name_id, "/human_name_id").await?;
    let (id, claim) = Claim::of_create("accounts", key, &new)?;
    match store::open(&state.db.on_behalf(&caller), id, &new, claim).await {
        Ok(Ok(account)) => {
            let location = format!("/api/accounts/{}", account.account_id);
            Ok(answer::created(&location, account.version, &account))
        }
        Ok(Err(Standing::Done(answer))) => Ok(replayed(StatusCode::CREATED, answer)),
        Ok(Err(standing)) => Err(answer::of_key(&standing)),
        Err(error) => Err(explain(error)),
    }
}

fn explain(error: DbError) -> Problem {
    match error.constraint() {
        Some("accounts_personal") => Problem::new(ALREADY_EXISTS)
            .detail("this person has a personal account")
            .field("/human_name_id", "has a personal account already"),
        Some("accounts_company_id_fkey") => {
            Problem::new(INVALID_VALUE).field("/company_id", "no company has this identifier")
        }
        _ => answer::not_inserted(error),
    }
}

/// An account by identifier, for whoever has a role in it.
///
/// # Errors
/// A problem.
pub async fn by_id(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = store::by_id(&db.on_behalf(&caller), answer::identifier(&text)?, caller.reach()).await?;
    let account = found.ok_or_else(answer::no_account)?;
    if has_version(&headers, account.version)? {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag(account.version))]).into_response());
    }
    Ok(answer::versioned(StatusCode::OK, account.version, &account))
}
