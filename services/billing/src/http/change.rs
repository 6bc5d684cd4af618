//! Another price for a subscription: `POST /api/billing/subscription/{account_id}/preview` and `PUT …/{account_id}/price`. Who confirms says what they have agreed to pay, and
//! never pays more.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{IfMatch, Json, Path, etag};
use rerp_kit::pool::DbError;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{
    DEPENDENCY_UNAVAILABLE, ENDED, IN_PROGRESS, INTERNAL, INVALID_VALUE, NOT_FOUND, PAYMENT_REFUSED,
};
use rerp_kit::telemetry::chain;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use super::price_preview::Seen;
use super::subscription::View;
use crate::changing::{Changed, Preview, Previewed};
use crate::domain::change::{Standing, Verdict};
use crate::domain::subscription::Status;
use crate::mirror::MirrorError;
use crate::state::AppState;
use crate::store::changing::{self as store, Wished};
use crate::store::plan::{self, Offer};
use crate::store::subscription::{self, Subscription};
use crate::stripe::StripeError;

/// What previewing takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PriceWish")]
pub struct Wish {
    /// The price of a plan that is offered, in the currency of the subscription.
    #[schemars(with = "Uuid")]
    price_id: String,
}

/// What confirming takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PriceChange")]
pub struct Body {
    /// The price of a plan that is offered, in the currency of the subscription.
    #[schemars(with = "Uuid")]
    price_id: String,
    /// The most that may be charged at once: `due_now` of the preview that the person has seen. Minor units.
    #[schemars(range(min = 0))]
    due_at_most: i64,
}

/// What somebody wants, as far as it may be.
struct Wanted {
    row: Subscription,
    offer: Offer,
}

/// What another price would cost the newest subscription of an account, of those that the caller has asked for. Nothing changes by it.
///
/// # Errors
/// A problem.
pub async fn preview(
    State(state): State<AppState>,
    caller: Caller,
    Path(account): Path<String>,
    Json(body): Json<Wish>,
) -> Result<Response, Problem> {
    let wanted = wanted(&state, &caller, &account, &body.price_id, None).await?;
    let Ok(wanted) = wanted else {
        return Err(Problem::new(INVALID_VALUE).field("/price_id", "is the price that it has"));
    };
    let seen = look(&state, &caller, &wanted).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(Seen::of(wanted.row.account_id, &wanted.offer, &seen)))
        .into_response())
}

/// Gives the newest subscription of an account, of those that the caller has asked for, another price. It is paid at once, or nothing changes.
///
/// # Errors
/// A problem; also when more is due by now than was agreed to.
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(account): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let meant = IfMatch::of(&headers)?;
    if body.due_at_most < 0 {
        return Err(Problem::new(INVALID_VALUE).field("/due_at_most", "nought, or what is agreed to"));
    }
    let wanted = match wanted(&state, &caller, &account, &body.price_id, Some(&meant)).await? {
        Ok(wanted) => wanted,
        Err(row) => return Ok(answered(&row)),
    };
    let (db, id) = (state.db.on_behalf(&caller), wanted.row.id);
    let wish = store::Wish { key: Uuid::now_v7(), price_id: wanted.offer.price_id, due_at_most: body.due_at_most };
    let came_of_it = match store::wish(&db, id, &meant, wish).await.map_err(explain)? {
        Wished::Down(wish) => Some(state.asking(&caller).changing(&wish).await),
        Wished::AsItIs => None,
        Wished::NotThere => return Err(Problem::new(NOT_FOUND).detail("this account has never had a subscription")),
        Wished::Missed => return Err(IfMatch::missed()),
        Wished::Refused(why) => return Err(refused(why)),
    };
    // Also after a refusal: it may be for something that has changed at Stripe, and here by now.
    let row = subscription::by_id(&db, id).await?.ok_or_else(|| Problem::new(INTERNAL))?;
    match came_of_it {
        Some(changed) => came_to(changed, &wanted.row, &row).map(|()| answered(&row)),
        None => Ok(answered(&row)),
    }
}

/// What a wish came to, of a subscription as it was when it was read, and as it is now.
fn came_to(changed: Result<Changed, MirrorError>, read: &Subscription, now: &Subscription) -> Result<(), Problem> {
    match changed {
        Ok(Changed::Done) => Ok(()),
        Ok(Changed::Dearer(due)) => {
            Err(Problem::new(INVALID_VALUE).field("/due_at_most", format!("{due} is due by now; preview it again")))
        }
        Ok(Changed::OtherCurrency) => Err(other_currency()),
        Ok(Changed::Gone) => Err(refused(Verdict::Ended)),
        Ok(Changed::TooLate) => Err(answer::no_answer(StripeError::Unreachable("it took too long").into())),
        Err(error) => Err(not_changed(error, read.version != now.version, now.busy)),
    }
}

fn explain(error: DbError) -> Problem {
    match error.constraint() {
        Some("stripe_subscriptions_changing") => Problem::new(IN_PROGRESS)
            .detail("another subscription that the same person pays for is being changed")
            .retry_after(1),
        _ => error.into(),
    }
}

fn other_currency() -> Problem {
    Problem::new(INVALID_VALUE).field("/price_id", "is in another currency than the subscription")
}

fn answered(row: &Subscription) -> Response {
    ([(header::ETAG, etag(row.version))], axum::Json(View::of(row, None))).into_response()
}

/// The subscription and the offer, or the subscription that has this price already.
async fn wanted(
    state: &AppState,
    caller: &Caller,
    account: &str,
    price: &str,
    meant: Option<&IfMatch>,
) -> Result<Result<Wanted, Subscription>, Problem> {
    let (account, price) = (answer::identifier(account)?, answer::field("/price_id", price)?);
    let found = subscription::of_account(&state.db.on_behalf(caller), account, caller.reach()).await?;
    let row = found.ok_or_else(|| Problem::new(NOT_FOUND).detail("this account has never had a subscription"))?;
    if meant.is_some_and(|meant| !meant.means(row.version)) {
        return Err(IfMatch::missed());
    }
    let status = row.status.as_deref().and_then(Status::parse);
    let standing = Standing { status, ends: row.cancel_at_period_end, busy: row.busy, same: row.price_id == price };
    match standing.judged() {
        Verdict::Ask => {}
        Verdict::AsItIs => return Ok(Err(row)),
        other => return Err(refused(other)),
    }
    let offer = plan::offer(&state.db.at_work(), price).await?;
    let offer =
        offer.ok_or_else(|| Problem::new(INVALID_VALUE).field("/price_id", "nothing is offered at this price"))?;
    Ok(Ok(Wanted { row, offer }))
}

async fn look(state: &AppState, caller: &Caller, wanted: &Wanted) -> Result<Preview, Problem> {
    let stripe_id = wanted.row.stripe_subscription_id.as_deref().ok_or_else(|| refused(Verdict::Busy))?;
    let seen = state.asking(caller).preview(stripe_id, &wanted.offer.goal(), None).await;
    match seen.map_err(answer::no_answer)? {
        Previewed::Known(preview) => Ok(*preview),
        Previewed::OtherCurrency => Err(other_currency()),
        Previewed::Gone => Err(refused(Verdict::Ended)),
    }
}

fn refused(why: Verdict) -> Problem {
    match why {
        Verdict::Ended => Problem::new(ENDED).detail("this subscription has ended; subscribe anew"),
        Verdict::Busy => {
            Problem::new(IN_PROGRESS).detail("Stripe has not answered what was wished before").retry_after(1)
        }
        Verdict::Unpaid => {
            Problem::new(INVALID_VALUE).field("/price_id", "what is open is paid first, at the price that it has")
        }
        Verdict::Ends => Problem::new(INVALID_VALUE).field("/price_id", "it ends with its period: let it go on first"),
        Verdict::Ask | Verdict::AsItIs => Problem::new(INTERNAL),
    }
}

/// Why it isn't changed, or not known to be; `moved`: the subscription isn't as it was when it was read, `left`: the wish is still there. Nobody who pays is a refused
/// payment too, which Stripe tells in another way.
fn not_changed(error: MirrorError, moved: bool, left: bool) -> Problem {
    match error {
        MirrorError::Refused(StripeError::Refused { code, .. }) if code == "resource_missing" => {
            Problem::new(PAYMENT_REFUSED).detail("there is nothing to pay with; add a payment method first")
        }
        // Its period or its trial has ended in between.
        MirrorError::Refused(StripeError::Refused { status, .. }) if moved && status.as_u16() != 402 => {
            IfMatch::missed()
        }
        MirrorError::Stripe(error) if left && error.is_passing() => {
            tracing::warn!(error = chain(&error), "stripe has not answered a change of price");
            Problem::new(DEPENDENCY_UNAVAILABLE)
                .detail("Stripe has not answered yet whether it is changed, and is asked again; look at the subscription in some minutes")
                .retry_after(60)
        }
        _ => answer::no_answer(error),
    }
}
