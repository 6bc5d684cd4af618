//! Another password for whoever reads mail at their address: a letter with a code, then the code and the password together. In: JSON of our own pages. Out: a
//! session once the password is changed, and not before.
//!
//! Asking for a letter is answered alike, and after the same time, whoever has an account.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use rerp_kit::http::Json;
use rerp_kit::http::context::{self, Context};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{AT_CAPACITY, CODE_REFUSED, INVALID_VALUE};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::Instrument as _;

use super::factor::{Password, stranger};
use super::refusal::Refusal;
use super::routes::begun;
use super::seal::{Held, Purpose};
use super::supabase::{Grant, Visitor};
use super::visitor::visitor;
use super::{Sessions, cookie, seconds_now, wire};

/// When a wish for a letter is answered, whatever becomes of it: a known address takes longer.
const ANSWER: Duration = Duration::from_secs(1);
/// How long somebody whose code was taken may look for a password that is, in seconds.
const LOOKING: u64 = 10 * 60;
/// Longest password, in bytes: what comes after them would count for nothing.
const LONGEST_PASSWORD: usize = 72;

/// Whom to write to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recovery {
    email: String,
}

/// What came by mail, and the new password.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recovered {
    email: String,
    code: SecretString,
    password: SecretString,
}

pub(super) fn routes() -> Router<Arc<Sessions>> {
    Router::new().route("/session/recovery", post(recover)).route("/session/recovered", post(recovered))
}

/// Asks for a letter, in a task of its own: how long that takes, and most of what comes of it, tells who has an account.
async fn recover(
    State(sessions): State<Arc<Sessions>>,
    headers: HeaderMap,
    Json(wish): Json<Recovery>,
) -> Result<StatusCode, Problem> {
    let until = Instant::now() + ANSWER;
    let permit = Arc::clone(&sessions.letters).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::new(AT_CAPACITY).retry_after(1))?;
    let (from, context) = (visitor(&headers), Context::of_cause(context::request_id().as_deref(), wire::LONGEST));
    let asking = async move {
        let asked = sessions.auth.recover(&wish.email, from).await;
        drop(permit);
        asked
    };
    let asked = timeout_at(until, tokio::spawn(context.scope(asking).in_current_span())).await;
    sleep_until(until).await;
    let told = match asked {
        Ok(Ok(Err(refusal))) => refusal.of_letter(),
        Ok(Ok(Ok(())) | Err(_)) | Err(_) => None,
    };
    told.map_or(Ok(StatusCode::ACCEPTED), Err)
}

/// The code of a letter and the new password. A code is good once: when the password alone is refused, or nobody knows whether it was taken, the browser
/// keeps what the code gave, sealed so that it opens for this address and code alone and signs nobody in.
async fn recovered(
    State(sessions): State<Arc<Sessions>>,
    headers: HeaderMap,
    Json(shown): Json<Recovered>,
) -> Result<Response, Problem> {
    fits(shown.password.expose_secret())?;
    let email = shown.email.trim().to_lowercase();
    let code: String = shown.code.expose_secret().split_whitespace().collect();
    let (purpose, from) = (Purpose::Recovery { email: &email, code: &code }, visitor(&headers));
    let kept = cookie::kept(&headers, cookie::RECOVERY).and_then(|sealed| sessions.seal.open(sealed, purpose));
    let kept = kept.filter(|held| held.until > seconds_now());
    let until = kept.as_ref().map_or_else(|| seconds_now() + LOOKING, |held| held.until);
    let grant = match proved(&sessions, kept, &email, &code, from).await {
        Ok(grant) => grant,
        Err(refusal) if refusal.ends_session() => return Ok(in_vain()),
        Err(refusal) => return Err(refusal.of_code()),
    };
    if sessions.staff.as_ref().is_some_and(|staff| !staff.knows(&grant)) {
        return Ok(stranger(&sessions, &grant, from).await);
    }
    let password = match sessions.auth.change(&grant.access, &shown.password, from).await {
        Err(refusal) if refusal.ends_session() => return Ok(in_vain()),
        // Whoever has a second factor changes it after they have shown that.
        Err(refusal) if refusal.is(&["insufficient_aal"]) && sessions.staff.is_some() => Ok(Password::Due),
        // It is theirs already: an answer was lost, or they remember it.
        Err(refusal) if !refusal.is(&["same_password"]) => Err(refusal.of_new_password()),
        Ok(()) | Err(_) => Ok(Password::Settled),
    };
    let entered = match password {
        Ok(password) => begun(&sessions, &grant, password, from).await,
        Err(problem) => Err(problem),
    };
    match entered {
        Ok(mut response) => {
            response.headers_mut().append(header::SET_COOKIE, cookie::forget(cookie::RECOVERY));
            Ok(response)
        }
        Err(problem) => Ok(again(&sessions, problem, Held { refresh: grant.refresh, until }, purpose)),
    }
}

/// Whether something can be a password. Supabase takes an empty one for no wish at all.
pub(super) fn fits(password: &str) -> Result<(), Problem> {
    let wrong = if password.is_empty() {
        "must not be empty".to_owned()
    } else if password.len() > LONGEST_PASSWORD {
        format!("must be at most {LONGEST_PASSWORD} bytes long: so many plain letters, fewer others")
    } else {
        return Ok(());
    };
    Err(Problem::new(INVALID_VALUE).field("/password", wrong))
}

/// What the code gives, or gave a moment ago.
async fn proved(
    sessions: &Sessions,
    kept: Option<Held>,
    email: &str,
    code: &str,
    from: Visitor,
) -> Result<Grant, Refusal> {
    match kept {
        Some(held) => sessions.auth.refresh(&held.refresh, from).await,
        None => sessions.auth.code(email, code, from).await,
    }
}

/// The code, or what it gave, is good no more.
fn in_vain() -> Response {
    let mut response = Problem::new(CODE_REFUSED).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::forget(cookie::RECOVERY));
    response
}

/// Try another password, or this one again.
fn again(sessions: &Sessions, problem: Problem, held: Held, purpose: Purpose<'_>) -> Response {
    let mut response = problem.into_response();
    let sealed = sessions.seal.seal(&held, purpose);
    let left = held.until.saturating_sub(seconds_now());
    // Where it doesn't fit, a new letter has to be asked for.
    if let Some(kept) = sealed.and_then(|sealed| cookie::keep(cookie::RECOVERY, &sealed, left)) {
        response.headers_mut().insert(header::SET_COOKIE, kept);
    }
    response
}
