//! How a subscription ends, or goes on after all: `PUT /api/billing/subscription/{account_id}` and `POST …/{account_id}/cancel`.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{IfMatch, Json, Path, etag};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ENDED, IN_PROGRESS, INTERNAL, INVALID_VALUE, NOT_FOUND};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use super::subscription::View;
use crate::domain::ending::{Ending, Verdict};
use crate::domain::subscription::Status;
use crate::state::AppState;
use crate::store::ending::{self as store, Wished};
use crate::store::subscription;

/// What a change of a subscription takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SubscriptionChange")]
pub struct Body {
    /// Whether it ends with the period that is paid for, or with the trial. Until then everything stays as it is, and it can be taken back.
    cancel_at_period_end: bool,
}

/// Lets the newest subscription of an account, of those that the caller has asked for, end with its period, or go on after all.
///
/// # Errors
/// A problem.
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(account): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let (account, meant) = (answer::identifier(&account)?, IfMatch::of(&headers)?);
    let ending = if body.cancel_at_period_end { Ending::AtPeriodEnd } else { Ending::Stays };
    wished(&state, &caller, account, Some(&meant), ending).await
}

/// Ends it at once. What was paid isn't paid back; what was never paid isn't owed any more.
///
/// # Errors
/// A problem.
pub async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Response, Problem> {
    wished(&state, &caller, answer::identifier(&account)?, None, Ending::Now).await
}

async fn wished(
    state: &AppState,
    caller: &Caller,
    account: Uuid,
    meant: Option<&IfMatch>,
    ending: Ending,
) -> Result<Response, Problem> {
    let db = state.db.on_behalf(caller);
    let (id, taken) = match store::wish(&db, account, meant, ending, caller.reach()).await? {
        Wished::Down(wish) => {
            let taken = state.asking(caller).ending(&wish).await.map_err(answer::no_answer)?;
            (wish.id, taken)
        }
        Wished::AsItIs(id) => (id, true),
        Wished::NotThere => {
            return Err(Problem::new(NOT_FOUND).detail("this account has never had a subscription"));
        }
        Wished::Missed => return Err(IfMatch::missed()),
        Wished::Busy => return Err(busy("something else was wished a moment ago, and Stripe has not answered")),
        Wished::Refused(why) => return Err(refused(why)),
    };
    let row = subscription::by_id(&db, id).await?.ok_or_else(|| Problem::new(INTERNAL))?;
    let ended = row.status.as_deref().and_then(Status::parse).is_some_and(Status::is_final);
    match (taken, ended) {
        // It had ended at Stripe before we heard of it: as wished, or too late.
        (false, true) if ending != Ending::Now => return Err(refused(Verdict::Ended)),
        (false, false) => {
            tracing::error!(%id, ending = ending.name(), "stripe refuses to end or keep a subscription that lives");
            return Err(Problem::new(INTERNAL));
        }
        _ => {}
    }
    Ok(([(header::ETAG, etag(row.version))], axum::Json(View::of(&row, None))).into_response())
}

fn busy(why: &'static str) -> Problem {
    Problem::new(IN_PROGRESS).detail(why).retry_after(1)
}

fn refused(why: Verdict) -> Problem {
    match why {
        Verdict::Ended => Problem::new(ENDED).detail("this subscription has ended; subscribe anew"),
        Verdict::NotThereYet => busy("this subscription is being made"),
        Verdict::Unpaid => Problem::new(INVALID_VALUE)
            .field("/cancel_at_period_end", "nothing is paid for yet, which it could end with: cancel it instead"),
        Verdict::Ask | Verdict::AsItIs => Problem::new(INTERNAL),
    }
}
