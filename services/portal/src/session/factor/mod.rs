//! The second factor of staff: a code that a program on their telephone shows. In: a grant for a password or a letter's code; then the code. Out: what is to be
//! shown, and after it a session. Nobody gets a token of a session in which no factor was shown, and nobody whose token isn't for staff.
//!
//! | room | holds |
//! |---|---|
//! | `pending` | what a browser keeps between both steps |
//! | `tries` | how often a code may be wrong |
//! | `remote` | factors at Supabase |
//! | `shown` | the second step |

mod pending;
mod remote;
mod shown;
mod tries;

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INTERNAL, NOT_PERMITTED, NOT_SIGNED_IN};
use serde_json::json;

use pending::Pending;
use tries::Tries;

use super::refusal::Refusal;
use super::supabase::{Grant, Visitor};
use super::{Sessions, cookie, seconds_now};

/// How long somebody may take to show a factor, in seconds: who enrols one may have to install a program first.
const LONGEST: u64 = 10 * 60;

/// What becomes of the password of whoever shows a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Password {
    /// Nothing.
    Settled,
    /// It was forgotten, and the new one is taken with the factor and not before.
    Due,
}

/// Who may sign in.
#[derive(Debug)]
pub(super) struct Staff {
    audience: String,
    tries: Tries,
}

pub(super) fn routes() -> Router<Arc<Sessions>> {
    Router::new().route("/session/factor", post(shown::shown))
}

impl Staff {
    /// Those whose tokens are for this audience.
    pub(super) fn new(audience: String) -> Self {
        Self { audience, tries: Tries::default() }
    }

    /// Whether this is one of them.
    pub(super) fn knows(&self, grant: &Grant) -> bool {
        grant.claims.is_for(&self.audience)
    }

    /// Whether a page may have this token.
    pub(super) fn takes(&self, grant: &Grant) -> bool {
        self.knows(grant) && grant.claims.is_second()
    }
}

/// The answer to somebody whose password is right, and who isn't staff. What Supabase began for them ends.
pub(super) async fn stranger(sessions: &Sessions, grant: &Grant, from: Visitor) -> Response {
    sessions.auth.ends(&grant.access, from).await;
    let told =
        "this portal is for staff, and the account at this address isn't staff's: sign in at the portal for customers";
    forgetting(Problem::new(NOT_PERMITTED).detail(told))
}

/// What somebody has to show beside what they have shown: the code of their factor; or, where they have none, that of a new one. An earlier one that was never
/// confirmed is nobody's any more: its secret may lie anywhere.
pub(super) async fn asked(
    sessions: &Sessions,
    staff: &Staff,
    grant: &Grant,
    password: Password,
    from: Visitor,
) -> Result<Response, Problem> {
    if !staff.knows(grant) {
        return Ok(stranger(sessions, grant, from).await);
    }
    let trouble = |refusal: Refusal| refusal.of_session();
    let factors = sessions.auth.factors(&grant.access, from).await.map_err(trouble)?;
    let (factor, told) = if let Some(verified) = factors.iter().find(|factor| factor.is_verified()) {
        (verified.id, json!({ "factor": "code" }))
    } else {
        for left in &factors {
            sessions.auth.remove(&grant.access, left.id, from).await.map_err(trouble)?;
        }
        let new = sessions.auth.enrol(&grant.access, from).await.map_err(trouble)?;
        (new.id, json!({ "factor": "enrol", "uri": new.totp.uri, "secret": new.totp.secret }))
    };
    let lasts = LONGEST.min(grant.lasts);
    let pending = Pending { access: grant.access.clone(), factor, password, until: seconds_now() + lasts };
    let kept = pending.sealed(&sessions.seal).and_then(|sealed| cookie::keep(cookie::FACTOR, &sealed, lasts));
    let kept = kept.ok_or_else(|| {
        tracing::error!("an access token is longer than a cookie may be: what a hook or an account's metadata adds to it is too much");
        Problem::new(INTERNAL)
    })?;
    let mut response = (StatusCode::ACCEPTED, axum::Json(told)).into_response();
    response.headers_mut().insert(header::SET_COOKIE, kept);
    Ok(response)
}

/// It is over: whoever wants in begins again.
fn over(why: &'static str) -> Response {
    forgetting(Problem::new(NOT_SIGNED_IN).detail(why))
}

fn forgetting(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::forget(cookie::FACTOR));
    response
}
