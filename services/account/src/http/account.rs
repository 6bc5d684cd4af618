//! Accounts over HTTP: `GET` and `POST /api/accounts`, and `GET /api/accounts/{account_id}`. Must not log what it reads.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Page, Paging, Path, Query, etag, has_version, strict_uuid};
use rerp_kit::idempotency::{Claim, Key, Standing, replayed};
use rerp_kit::pool::{Db, DbError};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ALREADY_EXISTS, INVALID_VALUE, MALFORMED_ADDRESS};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use crate::domain::account::{Kind, NewAccount};
use crate::state::AppState;
use crate::store::account as store;
use crate::store::account_page::{self, Listed};

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

/// Which accounts to list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// Whose accounts: one's own if it is left out. Staff name anybody, or leave it out for all accounts.
    #[schemars(with = "Option<Uuid>")]
    human_name_id: Option<String>,
    /// How many rows make a page, 50 if it is left out.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u16>,
    /// The `next_cursor` of the page before; the first page if it is left out.
    #[schemars(with = "Option<Uuid>")]
    cursor: Option<String>,
}

/// The accounts in which somebody has a role, a page of them: the caller's, or for staff anybody's or all.
///
/// # Errors
/// A problem.
pub async fn list(
    State(db): State<Db>,
    caller: Caller,
    Query(whose): Query<Whose>,
) -> Result<axum::Json<Page<Listed>>, Problem> {
    let (limit, after, most) = answer::paging(&Paging::of(whose.limit, whose.cursor))?;
    let named = whose.human_name_id.as_deref().map(|text| {
        let malformed = || Problem::new(MALFORMED_ADDRESS).detail("`human_name_id` must be a UUID of 36 characters");
        strict_uuid(text).ok_or_else(malformed)
    });
    let named = named.transpose()?;
    if let Some(person) = named {
        caller.must_be(person, "/human_name_id")?;
    }
    let person = named.or(caller.reach().owner());
    let rows = account_page::page(&db.on_behalf(&caller), person, after, most).await?;
    Ok(axum::Json(Page::of(rows, limit, |row| row.account_id)))
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
