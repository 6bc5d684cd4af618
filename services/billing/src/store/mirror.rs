//! What Stripe's objects look like here. In comes an object and the ticket of the fetch that brought it; out goes a row that says the same,
//! unless a fetch that began later has written before.
//!
//! Why tickets and no lock: a lock would be held while Stripe is asked, and a transaction that waits for a vendor is in the way of everybody, of a
//! move of this database too. A fetch that comes too late to write may have seen a newer state than the one that kept it out; but whatever it
//! saw first has an event of its own, whose fetch begins after it and so has a higher ticket.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use super::announce::{self, News};
use super::inbox;
use crate::domain::subscription::Status;
use crate::stripe::object::{
    Customer, Invoice, PaymentIntent, PaymentMethod, SetupIntent, Subscription, VerificationSession,
};

/// The field of an object's metadata that holds our identifier of its row.
pub const ROW: &str = "rerp_id";

/// Something fetched from Stripe.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// There is none of this identifier, or it isn't one of ours.
    Nothing,
    /// `customer`.
    Customer(Customer),
    /// `setup_intent`, with its payment method.
    Setup(SetupIntent, Option<PaymentMethod>),
    /// `payment_method`.
    PaymentMethod(PaymentMethod),
    /// `subscription`, and its state.
    Subscription(Subscription, Status),
    /// `payment_intent`.
    PaymentIntent(PaymentIntent),
    /// `invoice`.
    Invoice(Invoice),
    /// `identity.verification_session`.
    Verification(VerificationSession),
}

/// A number higher than that of every fetch that has begun.
///
/// # Errors
/// See [`DbError`].
pub async fn ticket(db: &Db) -> Result<i64, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move { sqlx::query_scalar("SELECT nextval('fetches')").fetch_one(session.conn()).await })
    })
    .await
}

/// Writes what was fetched, and that the event which asked for it is done, if one did.
///
/// # Errors
/// See [`DbError`].
pub async fn write(db: &Db, ticket: i64, fetched: &Fetched, event: Option<&str>) -> Result<(), DbError> {
    db.transaction_idempotent(&(ticket, fetched, event), |session, (ticket, fetched, event)| {
        Box::pin(async move {
            let mut news = None;
            match fetched {
                Fetched::Nothing => {}
                Fetched::Customer(customer) => self::customer(session, *ticket, customer).await?,
                Fetched::Setup(intent, method) => setup(session, *ticket, intent, method.as_ref()).await?,
                Fetched::PaymentMethod(method) => payment_method(session, *ticket, method).await?,
                Fetched::Subscription(object, status) => news = subscription(session, *ticket, object, *status).await?,
                Fetched::PaymentIntent(intent) => payment_intent(session, *ticket, intent).await?,
                Fetched::Invoice(object) => invoice(session, *ticket, object).await?,
                Fetched::Verification(object) => news = verification(session, *ticket, object).await?,
            }
            if let Some(event) = event {
                inbox::done(session, event).await?;
            }
            match news {
                Some(news) => news.tell(session).await,
                None => Ok(()),
            }
        })
    })
    .await
}

/// Our identifier of an object's row, if it is one that we asked for.
fn row(metadata: &crate::stripe::object::Metadata) -> Option<Uuid> {
    metadata.get(ROW)?.parse().ok()
}

const CUSTOMER: &str = "UPDATE stripe_customers SET stripe_customer_id = CASE WHEN $3 THEN NULL ELSE $1 END, fetched = $2, updated_at = now() \
     WHERE (stripe_customer_id = $1 OR (id = $4 AND stripe_customer_id IS NULL AND NOT $3)) AND fetched < $2";

/// A customer that somebody deleted at Stripe is asked for anew when it is needed.
async fn customer(session: &mut Session, ticket: i64, object: &Customer) -> Result<(), sqlx::Error> {
    let query = sqlx::query(CUSTOMER).bind(&object.id).bind(ticket).bind(object.deleted).bind(row(&object.metadata));
    query.execute(session.conn()).await.map(drop)
}

const SETUP: &str = "UPDATE stripe_payment_methods SET stripe_payment_method_id = $3, fetched = $2, updated_at = now() \
     WHERE stripe_setup_intent_id = $1 AND fetched < $2";

async fn setup(
    session: &mut Session,
    ticket: i64,
    intent: &SetupIntent,
    method: Option<&PaymentMethod>,
) -> Result<(), sqlx::Error> {
    let Some(method) = method.filter(|_| intent.status == "succeeded") else { return Ok(()) };
    // One ticket less, so that what follows in this transaction may write.
    sqlx::query(SETUP).bind(&intent.id).bind(ticket - 1).bind(&method.id).execute(session.conn()).await?;
    payment_method(session, ticket, method).await
}

const PAYMENT_METHOD: &str = "UPDATE stripe_payment_methods SET brand = $3, last4 = $4, exp_month = $5, exp_year = $6, \
     detached_at = CASE WHEN $7 THEN NULL ELSE coalesce(detached_at, now()) END, fetched = $2, updated_at = now() \
     WHERE stripe_payment_method_id = $1 AND fetched < $2";

async fn payment_method(session: &mut Session, ticket: i64, object: &PaymentMethod) -> Result<(), sqlx::Error> {
    let card = object.card.as_ref();
    sqlx::query(PAYMENT_METHOD)
        .bind(&object.id)
        .bind(ticket)
        .bind(card.map(|card| &card.brand))
        .bind(card.map(|card| &card.last4))
        .bind(card.map(|card| card.exp_month))
        .bind(card.map(|card| card.exp_year))
        .bind(object.customer.is_some())
        .execute(session.conn())
        .await
        .map(drop)
}

/// What has ended stays so, whatever is said of it: no fetch of ours can see it otherwise, and no repair of a table should. Its version grows with what people see of
/// it, and not with each look: whoever has read it would be told that it has changed.
const SUBSCRIPTION: &str = "UPDATE stripe_subscriptions AS s SET stripe_subscription_id = $1, status = $3::subscription_status, \
     status_since = CASE WHEN status IS DISTINCT FROM $3::subscription_status THEN now() ELSE status_since END, \
     trial_end = $4, current_period_end = $5, cancel_at_period_end = $6, \
     price_id = coalesce((SELECT p.id FROM plan_prices AS p WHERE p.stripe_price_id = $7), price_id), \
     plan_id = coalesce((SELECT p.plan_id FROM plan_prices AS p WHERE p.stripe_price_id = $7), plan_id), \
     version = version + CASE WHEN (s.status, s.trial_end, s.current_period_end, s.cancel_at_period_end, s.price_id) IS DISTINCT FROM \
     ($3::subscription_status, $4::timestamptz, $5::timestamptz, $6::boolean, \
     coalesce((SELECT p.id FROM plan_prices AS p WHERE p.stripe_price_id = $7), s.price_id)) THEN 1 ELSE 0 END, \
     fetched = $2, updated_at = now() \
     WHERE (stripe_subscription_id = $1 OR (id = $8 AND stripe_subscription_id IS NULL)) AND fetched < $2 \
     AND (status IS NULL OR status NOT IN ('canceled', 'incomplete_expired') OR status = $3::subscription_status)";

async fn subscription(
    session: &mut Session,
    ticket: i64,
    object: &Subscription,
    status: Status,
) -> Result<Option<News>, sqlx::Error> {
    let ours = row(&object.metadata);
    let Some(before) = announce::subscription_before(session, &object.id, ours).await? else { return Ok(None) };
    let item = object.items.data.first();
    let time = |seconds: Option<i64>| seconds.and_then(|at| Timestamp::from_second(at).ok()).map(|at| at.to_sqlx());
    sqlx::query(SUBSCRIPTION)
        .bind(&object.id)
        .bind(ticket)
        .bind(status.name())
        .bind(time(object.trial_end))
        .bind(time(item.and_then(|item| item.current_period_end)))
        .bind(object.cancel_at_period_end)
        .bind(item.map(|item| &item.price.id))
        .bind(ours)
        .execute(session.conn())
        .await?;
    announce::subscription_after(session, &before).await
}

const PAYMENT_INTENT: &str = "INSERT INTO stripe_payment_intents AS p \
     (id, stripe_payment_intent_id, status, amount, amount_received, currency, fetched) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (stripe_payment_intent_id) DO UPDATE SET \
     status = excluded.status, amount = excluded.amount, amount_received = excluded.amount_received, \
     fetched = excluded.fetched, updated_at = now() WHERE p.fetched < excluded.fetched";
/// Whose payment it is says the invoice alone, whichever of the two is heard of first.
const OF_INVOICE: &str = "UPDATE stripe_payment_intents AS p SET account_id = s.account_id, stripe_subscription_id = s.stripe_subscription_id \
     FROM stripe_invoices AS i JOIN stripe_subscriptions AS s ON s.stripe_subscription_id = i.stripe_subscription_id \
     WHERE i.stripe_payment_intent_id = p.stripe_payment_intent_id AND p.stripe_payment_intent_id = $1 AND p.account_id IS NULL";

async fn payment_intent(session: &mut Session, ticket: i64, object: &PaymentIntent) -> Result<(), sqlx::Error> {
    sqlx::query(PAYMENT_INTENT)
        .bind(Uuid::now_v7())
        .bind(&object.id)
        .bind(&object.status)
        .bind(object.amount)
        .bind(object.amount_received)
        .bind(&object.currency)
        .bind(ticket)
        .execute(session.conn())
        .await?;
    sqlx::query(OF_INVOICE).bind(&object.id).execute(session.conn()).await.map(drop)
}

const INVOICE: &str = "INSERT INTO stripe_invoices AS i \
     (id, stripe_invoice_id, stripe_subscription_id, stripe_payment_intent_id, status, amount_due, amount_paid, currency, fetched) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (stripe_invoice_id) DO UPDATE SET \
     stripe_subscription_id = excluded.stripe_subscription_id, stripe_payment_intent_id = excluded.stripe_payment_intent_id, \
     status = excluded.status, amount_due = excluded.amount_due, amount_paid = excluded.amount_paid, \
     fetched = excluded.fetched, updated_at = now() WHERE i.fetched < excluded.fetched";

async fn invoice(session: &mut Session, ticket: i64, object: &Invoice) -> Result<(), sqlx::Error> {
    let Some(status) = &object.status else { return Ok(()) };
    let subscription = object.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
    let mut payments = object.payments.iter().flat_map(|payments| &payments.data);
    let intent = payments.find_map(|one| one.payment.payment_intent.as_ref());
    sqlx::query(INVOICE)
        .bind(Uuid::now_v7())
        .bind(&object.id)
        .bind(subscription.map(|details| &details.subscription))
        .bind(intent)
        .bind(status)
        .bind(object.amount_due)
        .bind(object.amount_paid)
        .bind(&object.currency)
        .bind(ticket)
        .execute(session.conn())
        .await?;
    match intent {
        Some(intent) => sqlx::query(OF_INVOICE).bind(intent).execute(session.conn()).await.map(drop),
        None => Ok(()),
    }
}

const VERIFICATION: &str = "UPDATE kyc_billing_verification SET stripe_session_id = $1, verification_status = $3, \
     verified_at = CASE WHEN $3 = 'verified' THEN coalesce(verified_at, now()) END, fetched = $2, updated_at = now() \
     WHERE (stripe_session_id = $1 OR (id = $4 AND stripe_session_id IS NULL)) AND fetched < $2";

async fn verification(
    session: &mut Session,
    ticket: i64,
    object: &VerificationSession,
) -> Result<Option<News>, sqlx::Error> {
    let ours = row(&object.metadata);
    let Some(before) = announce::verification_before(session, &object.id, ours).await? else { return Ok(None) };
    sqlx::query(VERIFICATION)
        .bind(&object.id)
        .bind(ticket)
        .bind(&object.status)
        .bind(ours)
        .execute(session.conn())
        .await?;
    announce::verification_after(session, &before).await
}
