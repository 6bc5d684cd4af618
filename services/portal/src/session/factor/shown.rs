//! The second step: the code of a factor, and the new password where that is due. In: JSON of our own pages, and the cookie of the first step. Out: a session.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use rerp_kit::http::Json;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{CODE_REFUSED, DEPENDENCY_UNAVAILABLE};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::super::recovery::fits;
use super::super::refusal::Refusal;
use super::super::routes::entered;
use super::super::supabase::{Grant, Visitor};
use super::super::visitor::visitor;
use super::super::{Sessions, cookie};
use super::pending::Pending;
use super::tries::Stop;
use super::{Password, Staff, over, stranger};

/// Digits of a code.
const DIGITS: usize = 6;
/// What stands for a factor that Supabase has forgotten, or a token whose time is over.
const GONE: [&str; 2] = ["mfa_factor_not_found", "bad_jwt"];
const ENDED: &str = "the time for the second factor is over: sign in again";
const TOO_MANY: &str = "too many codes were wrong: sign in again";

/// What a program shows, and a new password where the first step was for a forgotten one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    code: SecretString,
    password: Option<SecretString>,
}

/// What becomes of a code.
enum Judged {
    Right(Box<Grant>),
    Wrong,
    Over,
    Trouble(Problem),
}

/// `POST /session/factor`. The cookie stays when anything goes wrong that another code may mend: an answer is lost, the new password is refused.
pub(super) async fn shown(
    State(sessions): State<Arc<Sessions>>,
    headers: HeaderMap,
    Json(shown): Json<Shown>,
) -> Result<Response, Problem> {
    let Some(staff) = &sessions.staff else { return Ok(over(ENDED)) };
    let pending = Pending::kept(&headers, &sessions.seal);
    let Some((pending, whose)) = pending.and_then(|pending| pending.whose().map(|whose| (pending, whose))) else {
        return Ok(over(ENDED));
    };
    let password = shown.password.unwrap_or_default();
    if pending.password == Password::Due {
        fits(password.expose_secret())?;
    }
    let code: String = shown.code.expose_secret().split_whitespace().collect();
    if code.len() != DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::new(CODE_REFUSED));
    }
    let (from, tries) = (visitor(&headers), &staff.tries);
    match tries.take(whose, Instant::now()) {
        Ok(()) => {}
        Err(Stop::Over) => return Ok(over(TOO_MANY)),
        Err(Stop::Wait(problem)) => return Err(problem),
    }
    let judged = judged(sessions.auth.prove(&pending.access, pending.factor, &code, from).await);
    if !matches!(judged, Judged::Wrong) {
        tries.give_back(whose, Instant::now());
    }
    match judged {
        Judged::Right(grant) => proved(&sessions, staff, &pending, &grant, &password, from).await,
        Judged::Over => Ok(over(ENDED)),
        Judged::Trouble(problem) => Err(problem),
        Judged::Wrong if tries.is_over(whose) => {
            // What the cookie holds is worth nothing after that, in no pod.
            if !sessions.auth.ends(&pending.access, from).await {
                tracing::warn!(
                    "a sign-in with too many wrong codes wasn't ended at Supabase: only this pod knows of it"
                );
            }
            Ok(over(TOO_MANY))
        }
        Judged::Wrong => Err(Problem::new(CODE_REFUSED)),
    }
}

fn judged(proved: Result<Grant, Refusal>) -> Judged {
    match proved {
        Ok(grant) => Judged::Right(Box::new(grant)),
        Err(refusal) if refusal.is(&["mfa_verification_failed"]) => Judged::Wrong,
        Err(refusal) if refusal.ends_session() || refusal.is(&GONE) => Judged::Over,
        Err(refusal) => Judged::Trouble(refusal.of_session()),
    }
}

/// The code was right.
async fn proved(
    sessions: &Sessions,
    staff: &Staff,
    pending: &Pending,
    grant: &Grant,
    password: &SecretString,
    from: Visitor,
) -> Result<Response, Problem> {
    if !staff.knows(grant) {
        return Ok(stranger(sessions, grant, from).await);
    }
    if !grant.claims.is_second() {
        tracing::error!("Supabase took a second factor, and its token doesn't say so");
        return Err(Problem::new(DEPENDENCY_UNAVAILABLE));
    }
    if pending.password == Password::Due {
        match sessions.auth.change(&grant.access, password, from).await {
            Err(refusal) if refusal.ends_session() => return Ok(over(ENDED)),
            // It is theirs already: an answer was lost.
            Err(refusal) if !refusal.is(&["same_password"]) => return Err(refusal.of_new_password()),
            Ok(()) | Err(_) => {}
        }
    }
    let mut response = entered(sessions, grant)?;
    response.headers_mut().append(header::SET_COOKIE, cookie::forget(cookie::FACTOR));
    Ok(response)
}
