//! Invitations over HTTP: `POST` and `GET /api/accounts/{account_id}/invites`, `POST` and `DELETE` of one, and `POST /api/accounts/invites/accept`. An address is typed in at
//! most: Identity keeps it and sends the mail. Must not log what it reads, tokens above all.

use std::future::ready;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Page, Paging, Path, Query};
use rerp_kit::idempotency::{Claim, Key, Standing, replayed};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ALREADY_EXISTS, ENDED, NOT_FOUND, TOO_MANY_REQUESTS};
use rerp_people::invitation::Invited;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use crate::domain::invite::{GAP_S, NewInvite, Token, Whom};
use crate::domain::permission::Leave;
use crate::domain::role::Role;
use crate::domain::seats::Seats;
use crate::state::AppState;
use crate::store::invite::{self as store, Invite, Refusal};
use crate::store::invite_change::{self as change, Sealed};
use crate::store::role;

/// What inviting takes: one of the first two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewInvite")]
pub struct Body {
    /// The address, as somebody wrote it.
    #[schemars(length(min = 1, max = 1024))]
    email: Option<String>,
    /// Or a person.
    #[schemars(with = "Option<Uuid>")]
    human_name_id: Option<String>,
    /// The role they are to have.
    #[schemars(with = "Role")]
    role: String,
}

/// What accepting takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Out of the mail.
    token: String,
    /// Who accepts: one's own identifier.
    human_name_id: Uuid,
}

/// Invites somebody: 201, and a mail on its way. Without `sent_at` there is none yet: send it again then.
///
/// # Errors
/// A problem.
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Path(account): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let (account, key) = (answer::identifier(&account)?, Key::of(&headers)?);
    let new = NewInvite::new(body.email.as_deref(), body.human_name_id.as_deref(), &body.role)?;
    let db = state.db.on_behalf(&caller);
    // First of all: who may invite nobody makes no addresses known to Identity, and learns of nobody.
    match role::may_grant(&db, account, new.role, caller.reach()).await? {
        Leave::Given => {}
        Leave::Absent => return Err(answer::no_account()),
        Leave::Denied(why) => return Err(answer::denied(why)),
    }
    let whom = match &new.whom {
        Whom::Typed(email) => Invited::Address(state.identity.email_id(email, "/email").await?),
        Whom::Person(id) => {
            state.identity.must_know(*id, "/human_name_id").await?;
            Invited::Person(*id)
        }
    };
    let (Invited::Address(target) | Invited::Person(target)) = whom;
    let (id, claim) = Claim::of_create("account-invites", key, &(account, target, new.role))?;
    let seats = state.seats(account, change::is_again(&db, claim.as_ref())).await?;
    let token = Token::draw();
    let sealed = Sealed { id, digest: token.digest() };
    let write = |seats| change::create(&db, account, (whom, new.role), &sealed, claim.clone(), (seats, caller.reach()));
    let mut created = write(seats).await;
    // What made it a repetition has gone meanwhile.
    if seats == Seats::NONE && matches!(created, Ok(Err(Refusal::Full))) {
        created = write(state.seats(account, ready(Ok(false))).await?).await;
    }
    match created.map_err(answer::not_inserted)? {
        Ok(invite) => {
            let invite = send(&state, invite, Some(whom), &token).await?;
            Ok(private(StatusCode::CREATED, &invite))
        }
        Err(Refusal::Key(Standing::Done(kept))) => Ok(replayed(StatusCode::CREATED, kept)),
        Err(Refusal::Absent) => Err(answer::no_account()),
        Err(refusal) => Err(problem(refusal)),
    }
}

/// Sends an invitation once more, with a new token: the one before is worth nothing then.
///
/// # Errors
/// A problem.
pub async fn resend(
    State(state): State<AppState>,
    caller: Caller,
    Path((account, invite)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (account, id) = (answer::identifier(&account)?, answer::identifier(&invite)?);
    let token = Token::draw();
    let sealed = Sealed { id, digest: token.digest() };
    let db = state.db.on_behalf(&caller);
    let (invite, whom) = change::renew(&db, account, &sealed, caller.reach()).await?.map_err(problem)?;
    let invite = send(&state, invite, whom, &token).await?;
    Ok(private(StatusCode::OK, &invite))
}

/// Has the mail sent; the invitation as it is then. Each token has a mail of its own, so each mail has a new identifier.
async fn send(state: &AppState, invite: Invite, whom: Option<Invited>, token: &Token) -> Result<Invite, Problem> {
    let Some(whom) = whom else { return Ok(invite) };
    if !state.identity.invite(whom, token.reveal(), Uuid::now_v7()).await {
        return Ok(invite);
    }
    let sent_at = change::sent(&state.db.at_work(), invite.invite_id).await?;
    Ok(Invite { sent_at: Some(sent_at), ..invite })
}

/// An account's invitations, a page of them, for who may invite.
///
/// # Errors
/// A problem.
pub async fn list(
    State(db): State<Db>,
    caller: Caller,
    Path(account): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let account = answer::identifier(&account)?;
    let (limit, after, most) = answer::paging(&paging)?;
    let page = store::page(&db.on_behalf(&caller), account, after, most, caller.reach()).await?;
    let rows =
        page.map_err(|refusal| if refusal == Refusal::Absent { answer::no_account() } else { problem(refusal) })?;
    Ok(private(StatusCode::OK, &Page::of(rows, limit, |row| row.invite_id)))
}

/// Takes an invitation back.
///
/// # Errors
/// A problem.
pub async fn revoke(
    State(db): State<Db>,
    caller: Caller,
    Path((account, invite)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (account, id) = (answer::identifier(&account)?, answer::identifier(&invite)?);
    change::revoke(&db.on_behalf(&caller), account, id, caller.reach()).await?.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Accepts an invitation for oneself: the role that one has by it. The token shows that one reads the mail it came in.
///
/// # Errors
/// A problem.
pub async fn accept(
    State(state): State<AppState>,
    caller: Caller,
    Json(body): Json<Acceptance>,
) -> Result<Response, Problem> {
    caller.must_be(body.human_name_id, "/human_name_id")?;
    let token = Token::shown(&body.token).ok_or_else(|| problem(Refusal::Absent))?;
    state.identity.must_know(body.human_name_id, "/human_name_id").await?;
    // Whoever is invited has no role in the account yet, so in their name it isn't there: what lets them in is the token. Staff see all, and that they do is on record.
    let (db, digest) = (state.db.at_work_for(&caller), token.digest());
    let found = change::account_of(&db, &digest, body.human_name_id).await?;
    let (account, is_again) = found.ok_or_else(|| problem(Refusal::Absent))?;
    let seats = state.seats(account, ready(Ok(is_again))).await?;
    let accepted = change::accept(&db, &digest, body.human_name_id, Uuid::now_v7(), seats).await?;
    Ok(private(StatusCode::OK, &accepted.map_err(problem)?))
}

fn private(status: StatusCode, body: &impl serde::Serialize) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

fn problem(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Absent => Problem::new(NOT_FOUND).detail("there is no such invitation"),
        Refusal::Denied(why) => answer::denied(why),
        Refusal::Open => Problem::new(ALREADY_EXISTS).detail("one of the same is open; send it again or take it back"),
        Refusal::TooMany => Problem::new(TOO_MANY_REQUESTS).detail("too many invitations of this account are open"),
        Refusal::TooOften => Problem::new(TOO_MANY_REQUESTS)
            .detail("it was sent a moment ago, or often enough; invite anew when its token has ended")
            .retry_after(GAP_S),
        Refusal::Over => Problem::new(ENDED).detail("it was accepted or taken back, or its token has ended"),
        Refusal::Full => answer::full(),
        Refusal::Key(standing) => answer::of_key(&standing),
    }
}
