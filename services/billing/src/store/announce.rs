//! What Billing tells others about what it heard of Stripe. In comes what rows said before and say now; out goes news, for what is
//! different. Must be called in the transaction of the change, and told as the last thing in it.

use rerp_kit::events::catalogue::{KycChanged, SubscriptionChanged};
use rerp_kit::events::publish;
use rerp_kit::pool::Session;
use uuid::Uuid;

/// What others are to be told. A cutover locks the tables of events last, so it waits until everything else in the transaction is written.
#[must_use = "nobody is told before `tell`"]
pub(super) enum News {
    /// A subscription has another state, plan or end.
    Subscription(SubscriptionChanged),
    /// Proof of who pays has another state.
    Kyc(KycChanged),
}

impl News {
    /// Tells it: the last thing in the transaction.
    pub(super) async fn tell(self, session: &mut Session) -> Result<(), sqlx::Error> {
        match self {
            Self::Subscription(event) => publish(session, &event).await.map(drop),
            Self::Kyc(event) => publish(session, &event).await.map(drop),
        }
    }
}

/// What others know of a subscription.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Subscription {
    id: Uuid,
    account_id: Uuid,
    plan_id: Uuid,
    status: Option<String>,
    cancel_at_period_end: bool,
}

/// What others know of a verification.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Verification {
    id: Uuid,
    account_id: Uuid,
    human_name_id: Uuid,
    verification_status: String,
}

/// Stripe's identifier, or ours while Stripe's isn't known.
const LOCK_SUBSCRIPTION: &str = "SELECT id, account_id, plan_id, status::text AS status, cancel_at_period_end FROM stripe_subscriptions \
     WHERE stripe_subscription_id = $1 OR (id = $2 AND stripe_subscription_id IS NULL) FOR NO KEY UPDATE";
const SUBSCRIPTION: &str = "SELECT id, account_id, plan_id, status::text AS status, cancel_at_period_end FROM stripe_subscriptions WHERE id = $1";
const LOCK_VERIFICATION: &str = "SELECT id, account_id, human_name_id, verification_status FROM kyc_billing_verification \
     WHERE stripe_session_id = $1 OR (id = $2 AND stripe_session_id IS NULL) FOR NO KEY UPDATE";
const VERIFICATION: &str =
    "SELECT id, account_id, human_name_id, verification_status FROM kyc_billing_verification WHERE id = $1";

/// What a subscription is now, its row locked until the transaction ends; none if it isn't one of ours.
pub(super) async fn subscription_before(
    session: &mut Session,
    stripe_id: &str,
    row: Option<Uuid>,
) -> Result<Option<Subscription>, sqlx::Error> {
    sqlx::query_as(LOCK_SUBSCRIPTION).bind(stripe_id).bind(row).fetch_optional(session.conn()).await
}

/// What has become of a subscription, if others would see a difference.
pub(super) async fn subscription_after(
    session: &mut Session,
    before: &Subscription,
) -> Result<Option<News>, sqlx::Error> {
    let after: Subscription = sqlx::query_as(SUBSCRIPTION).bind(before.id).fetch_one(session.conn()).await?;
    if after == *before {
        return Ok(None);
    }
    // Nobody is told of a wish that Stripe has not answered.
    let Some(status) = after.status else { return Ok(None) };
    Ok(Some(News::Subscription(SubscriptionChanged {
        account_id: after.account_id,
        subscription_id: after.id,
        plan_id: after.plan_id,
        status,
        cancel_at_period_end: after.cancel_at_period_end,
    })))
}

/// What a verification is now, its row locked until the transaction ends; none if it isn't one of ours.
pub(super) async fn verification_before(
    session: &mut Session,
    stripe_id: &str,
    row: Option<Uuid>,
) -> Result<Option<Verification>, sqlx::Error> {
    sqlx::query_as(LOCK_VERIFICATION).bind(stripe_id).bind(row).fetch_optional(session.conn()).await
}

/// What has become of a verification, if its state is another.
pub(super) async fn verification_after(
    session: &mut Session,
    before: &Verification,
) -> Result<Option<News>, sqlx::Error> {
    let after: Verification = sqlx::query_as(VERIFICATION).bind(before.id).fetch_one(session.conn()).await?;
    if after == *before {
        return Ok(None);
    }
    Ok(Some(News::Kyc(KycChanged {
        account_id: after.account_id,
        verification_id: after.id,
        human_name_id: after.human_name_id,
        status: after.verification_status,
    })))
}
