//! Signing in, staying signed in, and signing out. In: JSON of our own pages, and the cookie. Out: an access token, which the page keeps in
//! memory, and the next cookie.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use rerp_kit::http::Json;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INTERNAL, NOT_SIGNED_IN};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::factor::{self, Password};
use super::origin::own_pages;
use super::rate::seldom;
use super::seal::Held;
use super::supabase::{Grant, SIGN_OUT, Visitor};
use super::visitor::visitor;
use super::{Sessions, cookie, recovery, seconds_now};

/// Longest body: an address and a password.
const BODY: usize = 8 * 1024;
/// How long a session lasts at most, in seconds: thirty days after somebody has signed in. Supabase may end it earlier.
pub const LONGEST: u64 = 30 * 24 * 60 * 60;

/// What signing in takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    email: String,
    password: SecretString,
}

/// The routes, for pages of the portal's own alone.
pub fn routes(sessions: Arc<Sessions>) -> Router {
    let routes = Router::new()
        .route("/session", post(sign_in).delete(sign_out))
        .route("/session/refresh", post(refresh))
        .merge(recovery::routes());
    // Elsewhere nothing is at their address.
    let routes = if sessions.staff.is_some() { routes.merge(factor::routes()) } else { routes };
    let counted = routes.layer(from_fn_with_state(Arc::clone(&sessions), seldom));
    counted.layer(DefaultBodyLimit::max(BODY)).layer(from_fn(own_pages)).with_state(sessions)
}

async fn sign_in(
    State(sessions): State<Arc<Sessions>>,
    headers: HeaderMap,
    Json(wish): Json<SignIn>,
) -> Result<Response, Problem> {
    let from = visitor(&headers);
    let grant = sessions.auth.password(&wish.email, &wish.password, from).await;
    begun(&sessions, &grant.map_err(|refusal| refusal.of_password())?, Password::Settled, from).await
}

/// A new access token for the cookie; nothing (204) where there is none, for that nobody is signed in is no error.
async fn refresh(State(sessions): State<Arc<Sessions>>, headers: HeaderMap) -> Result<Response, Problem> {
    let Some(sealed) = cookie::kept(&headers, cookie::NAME) else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let Some(held) = sessions.held(sealed) else {
        return Ok(over(Problem::new(NOT_SIGNED_IN).detail("the session is over")));
    };
    let from = visitor(&headers);
    match sessions.auth.refresh(&held.refresh, from).await {
        Ok(grant) if sessions.staff.as_ref().is_some_and(|staff| !staff.takes(&grant)) => {
            // Its factor was taken away, or they are staff no more.
            sessions.auth.ends(&grant.access, from).await;
            Ok(over(Problem::new(NOT_SIGNED_IN).detail("the session is over")))
        }
        Ok(grant) => going_on(&sessions, &grant, held.until),
        Err(refusal) if refusal.ends_session() => Ok(over(refusal.of_session())),
        // It may be good yet: the cookie stays.
        Err(refusal) => Err(refusal.of_session()),
    }
}

/// Ends the session at Supabase, if that can be had soon; the browser forgets it in any case.
async fn sign_out(State(sessions): State<Arc<Sessions>>, headers: HeaderMap) -> Response {
    if let Some(held) =
        cookie::kept(&headers, cookie::NAME).and_then(|sealed| sessions.seal.open(sealed, sessions.purpose()))
    {
        let end = async {
            let grant = sessions.auth.refresh(&held.refresh, visitor(&headers)).await?;
            sessions.auth.sign_out(&grant.access, visitor(&headers)).await
        };
        if !matches!(timeout(SIGN_OUT, end).await, Ok(Ok(()))) {
            tracing::warn!("a session was forgotten by its browser alone; it ends at Supabase by itself");
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::forget(cookie::NAME));
    if sessions.staff.is_some() {
        response.headers_mut().append(header::SET_COOKIE, cookie::forget(cookie::FACTOR));
    }
    response
}

/// A problem after which the browser has nothing to show any more.
fn over(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::forget(cookie::NAME));
    response
}

/// The answer to somebody whose password or code was taken: a session, or what else they have to show.
pub(super) async fn begun(
    sessions: &Sessions,
    grant: &Grant,
    password: Password,
    from: Visitor,
) -> Result<Response, Problem> {
    match &sessions.staff {
        Some(staff) => factor::asked(sessions, staff, grant, password, from).await,
        None => entered(sessions, grant),
    }
}

/// A session that begins now.
pub(super) fn entered(sessions: &Sessions, grant: &Grant) -> Result<Response, Problem> {
    going_on(sessions, grant, seconds_now() + LONGEST)
}

fn going_on(sessions: &Sessions, grant: &Grant, until: u64) -> Result<Response, Problem> {
    let sealed = sessions.seal.seal(&Held { refresh: grant.refresh.clone(), until }, sessions.purpose());
    let kept = sealed.and_then(|sealed| cookie::keep(cookie::NAME, &sealed, until.saturating_sub(seconds_now())));
    let kept = kept.ok_or_else(|| {
        tracing::error!("a refresh token is longer than a cookie may be");
        Problem::new(INTERNAL)
    })?;
    let told = json!({
        "access_token": grant.access.expose_secret(), "expires_in": grant.lasts, "person": grant.claims.sub, "email": grant.email,
    });
    let mut response = axum::Json(told).into_response();
    response.headers_mut().insert(header::SET_COOKIE, kept);
    Ok(response)
}
