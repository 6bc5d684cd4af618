//! Subscriptions over HTTP: `POST /api/billing/subscriptions` and `GET /api/billing/subscription/{account_id}`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Path, etag, has_version};
use rerp_kit::idempotency::{Claim, Key};
use rerp_kit::pool::{Db, DbError};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ALREADY_EXISTS, ID_TAKEN, IN_PROGRESS, INTERNAL, INVALID_VALUE, NOT_FOUND};
use rerp_people::Proof;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer;
use crate::domain::subscription::{Entitlement, Status};
use crate::mirror::MirrorError;
use crate::state::AppState;
use crate::store::plan;
use crate::store::subscription::{self as store, Asked, Subscription, Wish};

/// What subscribing takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewSubscription")]
pub struct Body {
    /// The account.
    #[schemars(with = "Uuid")]
    account_id: String,
    /// Who asks: one's own identifier.
    #[schemars(with = "Uuid")]
    human_name_id: String,
    /// The price of a plan that is offered.
    #[schemars(with = "Uuid")]
    price_id: String,
}

/// A subscription, as it is answered.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Subscription")]
pub(crate) struct View {
    /// Our identifier.
    subscription_id: Uuid,
    /// Account's: for which account.
    account_id: Uuid,
    /// Identity's: who pays.
    human_name_id: Uuid,
    /// To which plan.
    plan_id: Uuid,
    /// At which price.
    price_id: Uuid,
    /// None until Stripe has answered.
    #[schemars(with = "Option<Status>")]
    status: Option<String>,
    /// When the trial ends or has ended.
    trial_end: Option<Timestamp>,
    /// Until when it is paid.
    current_period_end: Option<Timestamp>,
    /// Whether it ends then.
    cancel_at_period_end: bool,
    /// What the account may use now.
    entitlement: Entitlement,
    /// With it the person's browser confirms the first payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// With which the browser's Stripe.js begins, beside the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    publishable_key: Option<String>,
}

impl View {
    /// A row, as it is answered now.
    pub(super) fn of(row: &Subscription, client_secret: Option<String>) -> Self {
        Self {
            subscription_id: row.id,
            account_id: row.account_id,
            human_name_id: row.human_name_id,
            plan_id: row.plan_id,
            price_id: row.price_id,
            status: row.status.clone(),
            trial_end: row.trial_end.map(|at| at.to_jiff()),
            current_period_end: row.current_period_end.map(|at| at.to_jiff()),
            cancel_at_period_end: row.cancel_at_period_end,
            entitlement: row.entitlement(Timestamp::now()),
            client_secret,
            publishable_key: None,
        }
    }
}

/// Subscribes an account to a plan. What is wanted is written down before Stripe hears of it, so a repetition under the same key goes on
/// where the first one ended.
///
/// # Errors
/// A problem.
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let mut wish = Wish {
        account_id: answer::field("/account_id", &body.account_id)?,
        human_name_id: answer::field("/human_name_id", &body.human_name_id)?,
        price_id: answer::field("/price_id", &body.price_id)?,
        verified: false,
    };
    caller.must_be(wish.human_name_id, "/human_name_id")?;
    let db = state.db.on_behalf(&caller);
    state.identity.must_know(wish.human_name_id, "/human_name_id").await?;
    // Whether it is offered is decided where it is written down: what a key has made stays made.
    let trial = plan::offer(&state.db.at_work(), wish.price_id).await?.is_some_and(|offer| offer.trial_days > 0);
    if trial {
        // Not known is refused, not taken for a no: the person would pay at once and lose the trial.
        wish.verified = match state.identity.proof(wish.human_name_id).await {
            Proof::NotVerified => false,
            other => answer::must_be_verified(other).map(|()| true)?,
        };
    }
    let (id, claim) = Claim::of_create("subscriptions", key, &wish)?;
    let row = match store::ask(&db, id, wish, claim.clone()).await.map_err(explain)? {
        Asked::Row(row) => row,
        Asked::Nothing => {
            return Err(Problem::new(INVALID_VALUE).field("/price_id", "nothing is offered at this price"));
        }
        Asked::Key(standing) => return Err(standing.problem().unwrap_or_else(|| Problem::new(INTERNAL))),
    };
    let secret = match state.asking(&caller).subscription(&row).await {
        Ok(secret) => secret,
        Err(error) => {
            if matches!(&error, MirrorError::Refused(_)) {
                store::refused(&db, row.id, claim).await?;
            }
            return Err(answer::no_answer(error));
        }
    };
    let row = store::by_id(&db, row.id).await?.ok_or_else(|| Problem::new(INTERNAL))?;
    let location = format!("/api/billing/subscription/{}", row.account_id);
    let headers = [(header::LOCATION, location)];
    let publishable_key = secret.as_ref().and(state.publishable_key.as_deref()).map(str::to_owned);
    let view = View { publishable_key, ..View::of(&row, secret) };
    let version = [(header::ETAG, etag(row.version))];
    Ok((StatusCode::CREATED, headers, version, axum::Json(view)).into_response())
}

fn explain(error: DbError) -> Problem {
    match error.constraint() {
        Some("stripe_subscriptions_living") => Problem::new(ALREADY_EXISTS)
            .detail("this account has a subscription")
            .field("/account_id", "has a subscription that has not ended"),
        Some("stripe_subscriptions_trial") => {
            Problem::new(IN_PROGRESS).detail("this person's trial begins in this moment, elsewhere").retry_after(1)
        }
        Some("stripe_subscriptions_pkey") => {
            Problem::new(ID_TAKEN).detail("the UUID given as Idempotency-Key was used before; use a new one")
        }
        _ => error.into(),
    }
}

/// The newest subscription of an account that the caller has asked for, and what it entitles to now.
///
/// # Errors
/// A problem.
pub async fn of_account(
    State(db): State<Db>,
    caller: Caller,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = store::of_account(&db.on_behalf(&caller), answer::identifier(&account)?, caller.reach()).await?;
    let row = found.ok_or_else(|| Problem::new(NOT_FOUND).detail("this account has never had a subscription"))?;
    let version = [(header::ETAG, etag(row.version))];
    // The end of a grace period changes the answer and not the row.
    let view = View::of(&row, None);
    if has_version(&headers, row.version)? && row.status.as_deref() != Some(Status::PastDue.name()) {
        return Ok((StatusCode::NOT_MODIFIED, version).into_response());
    }
    Ok((version, axum::Json(view)).into_response())
}
