//! What Stripe is asked to make. In come rows that say what is wanted; out go Stripe's objects, made once however often it is asked: the
//! row's identifier is in the idempotency key, and in the object's metadata for the time when Stripe has forgotten the key.

use jiff::{SignedDuration, Timestamp};
use rerp_kit::pool::{Db, DbError};
use rerp_kit::telemetry::chain;
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::event::Kind;
use crate::mirror::{Mirror, MirrorError};
use crate::store::mirror::{Fetched, ROW};
use crate::store::subscription::Subscription;
use crate::store::{customer, kyc, payment_method, plan, subscription};
use crate::stripe::object::{Customer, SetupIntent, VerificationSession};
use crate::stripe::{Form, Stripe, StripeError};

/// How long Stripe surely knows an idempotency key: it says a day at least.
const KEY_KNOWN: SignedDuration = SignedDuration::from_hours(23);

/// What Stripe answers to a new subscription, as far as it isn't fetched again.
#[derive(Debug, Deserialize)]
struct Made {
    id: String,
    latest_invoice: Option<LatestInvoice>,
}

#[derive(Debug, Deserialize)]
struct LatestInvoice {
    confirmation_secret: Option<ConfirmationSecret>,
}

#[derive(Debug, Deserialize)]
struct ConfirmationSecret {
    client_secret: String,
}

/// An object of which no more than the identifier is needed.
#[derive(Debug, Deserialize)]
struct Found {
    id: String,
}

/// Asks Stripe. Clones share everything.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The tables.
    pub db: Db,
    /// Stripe.
    pub stripe: Stripe,
}

impl Asking {
    /// Stripe's customer for a person, made if there is none; our row of it, and whether this call made that.
    ///
    /// # Errors
    /// See [`MirrorError`].
    pub async fn customer(&self, human_name_id: Uuid) -> Result<(customer::Customer, bool), MirrorError> {
        let (mut row, made) = customer::ask(&self.db, Uuid::now_v7(), human_name_id).await?;
        if row.stripe_customer_id.is_none() {
            let id = row.customer_id;
            let stripe_id = match self.made_before(Kind::Customer, id, row.created_at.to_jiff()).await? {
                Some(found) => found,
                None => {
                    let form = self::row(Form::default(), id).with("metadata[human_name_id]", human_name_id);
                    // One that was deleted at Stripe has been seen so by a fetch; under its old key it would be answered again.
                    let key = format!("customer-{id}-{}", row.fetched);
                    self.stripe.create::<Customer>(Kind::Customer.path(), &form, &key).await?.id
                }
            };
            customer::answered(&self.db, id, &stripe_id).await?;
            row.stripe_customer_id = Some(stripe_id);
        }
        Ok((row, made))
    }

    async fn stripe_customer(&self, human_name_id: Uuid) -> Result<String, MirrorError> {
        let (row, _) = self.customer(human_name_id).await?;
        Ok(row.stripe_customer_id.ok_or(StripeError::Unreachable("no customer"))?)
    }

    /// What an earlier request for a row made whose answer never came, if Stripe may have forgotten its key. Searching alone would not
    /// do: what has just been made is found only after a while, which is long over by then.
    async fn made_before(&self, kind: Kind, id: Uuid, asked: Timestamp) -> Result<Option<String>, MirrorError> {
        if !is_long_ago(asked) {
            return Ok(None);
        }
        let found: Vec<Found> = self.stripe.search(kind, ROW, &id.to_string()).await?;
        Ok(found.into_iter().next().map(|found| found.id))
    }

    /// The subscription of a row whose key Stripe may have forgotten: asked again, it would make a second one.
    async fn subscribed_before(&self, row: &Subscription) -> Result<Option<String>, MirrorError> {
        let asked = row.created_at.to_jiff();
        match &row.stripe_subscription_id {
            // Only one that waits for its first payment has a secret, which is all that asking again would give.
            Some(made) => Ok((is_long_ago(asked) || row.status.as_deref() != Some("incomplete")).then(|| made.clone())),
            None => self.made_before(Kind::Subscription, row.id, asked).await,
        }
    }

    /// Makes a subscription that is wanted, and writes down what it is. The answer is a secret with which the person's browser confirms the
    /// first payment, if there is one to confirm.
    ///
    /// # Errors
    /// See [`MirrorError`]; a refusal by Stripe leaves the row for the caller to take back.
    pub async fn subscription(&self, row: &Subscription) -> Result<Option<String>, MirrorError> {
        let mirror = Mirror { db: self.db.clone(), stripe: self.stripe.clone() };
        if let Some(made) = self.subscribed_before(row).await? {
            mirror.refresh(Kind::Subscription, &made, None).await?;
            return Ok(None);
        }
        let customer = self.stripe_customer(row.human_name_id).await?;
        let trial = (row.trial_days > 0).then_some(row.trial_days);
        // Nothing but what the row says: under the same key Stripe refuses another form. A trial that ends without a payment method is over;
        // paused, as Stripe could have it, it would keep the account from subscribing.
        let form = Form::default()
            .with("customer", customer)
            .with("items[0][price]", &row.stripe_price_id)
            .with("payment_behavior", "default_incomplete")
            .with("payment_settings[save_default_payment_method]", "on_subscription")
            .maybe("trial_period_days", trial)
            .maybe("trial_settings[end_behavior][missing_payment_method]", trial.map(|_| "cancel"));
        let form = self::row(form, row.id)
            .with("metadata[account_id]", row.account_id)
            .with("expand[0]", "latest_invoice.confirmation_secret");
        // Another wish under the same identifier, after one that was refused, is another one for Stripe.
        let key = format!("subscription-{}-{}", row.id, row.created_at.to_jiff().as_microsecond());
        let made = self.stripe.create::<Made>(Kind::Subscription.path(), &form, &key).await.map_err(not_made)?;
        // Before anything else can fail: from now on there is something to fetch and nothing to make.
        subscription::answered(&self.db, row.id, &made.id).await?;
        mirror.refresh(Kind::Subscription, &made.id, None).await?;
        let secret = made.latest_invoice.and_then(|invoice| invoice.confirmation_secret);
        Ok(secret.map(|secret| secret.client_secret))
    }

    /// Has Stripe make the prices that are declared and not there yet, of one plan or of all. A price that Stripe refuses is offered no more
    /// and keeps nobody from the others. Returns how many there were.
    ///
    /// # Errors
    /// See [`MirrorError`]; those made before it stay.
    pub async fn prices(&self, plan: Option<&str>) -> Result<usize, MirrorError> {
        let asked = plan::asked(&self.db, plan).await?;
        let mut refused = None;
        for price in &asked {
            match self.price(price).await {
                Err(MirrorError::Refused(error)) => {
                    tracing::error!(price = %price.price_id, error = chain(&error), "stripe refuses a price");
                    plan::refused(&self.db, price.price_id).await?;
                    refused = Some(error);
                }
                other => other?,
            }
        }
        refused.map_or(Ok(asked.len()), |error| Err(MirrorError::Refused(error)))
    }

    async fn price(&self, price: &plan::Asked) -> Result<(), MirrorError> {
        let product = self.product(price).await?;
        let form = Form::default()
            .with("product", product)
            .with("currency", &price.currency)
            .with("unit_amount", price.amount)
            .with("recurring[interval]", &price.interval);
        let (form, key) = (self::row(form, price.price_id), format!("price-{}", price.price_id));
        let made: Found = self.stripe.create("/v1/prices", &form, &key).await.map_err(not_made)?;
        Ok(plan::answered(&self.db, price.price_id, &made.id).await?)
    }

    /// Stripe's product of a plan; we choose its identifier, so it is there once whoever asks.
    async fn product(&self, price: &plan::Asked) -> Result<String, MirrorError> {
        let id = format!("rerp_{}", price.code);
        let form = Form::default().with("id", &id).with("name", &price.name);
        // A key of its own each time: with an identifier of our choice it is made once anyway, and its name may have changed.
        let key = format!("product-{}", Uuid::now_v7());
        match self.stripe.create::<Found>("/v1/products", &form, &key).await {
            Err(StripeError::Refused { code, .. }) if code == "resource_already_exists" => Ok(id),
            other => Ok(other.map_err(not_made)?.id),
        }
    }

    /// Begins the setup of a payment method whose row is there. The answer is a secret with which the person's browser gives Stripe the card.
    ///
    /// # Errors
    /// See [`MirrorError`].
    pub async fn setup(&self, id: Uuid, human_name_id: Uuid) -> Result<Option<String>, MirrorError> {
        let customer = self.stripe_customer(human_name_id).await?;
        let form = self::row(Form::default().with("customer", customer).with("usage", "off_session"), id);
        let made: SetupIntent = self.stripe.create(Kind::SetupIntent.path(), &form, &format!("setup-{id}")).await?;
        payment_method::answered(&self.db, id, &made.id).await?;
        Ok(made.client_secret)
    }

    /// Stripe's session for a verification whose row is there, as it is now, begun if there is none.
    ///
    /// # Errors
    /// See [`MirrorError`].
    pub async fn verification(&self, row: &kyc::Verification) -> Result<VerificationSession, MirrorError> {
        let kind = Kind::VerificationSession;
        let session = if let Some(session) = &row.stripe_session_id {
            session.clone()
        } else {
            let form = self::row(Form::default().with("type", "document"), row.id);
            let form = form.with("metadata[account_id]", row.account_id);
            let made: VerificationSession = self.stripe.create(kind.path(), &form, &format!("kyc-{}", row.id)).await?;
            kyc::answered(&self.db, row.id, &made.id).await?;
            made.id
        };
        let mirror = Mirror { db: self.db.clone(), stripe: self.stripe.clone() };
        match mirror.refresh(kind, &session, None).await? {
            Fetched::Verification(session) => Ok(session),
            _ => Err(StripeError::Unreachable("a session that it began is gone").into()),
        }
    }

    async fn resumed_prices(&self) -> Result<usize, DbError> {
        match self.prices(None).await {
            Ok(made) => Ok(made),
            Err(MirrorError::Database(error)) => Err(error),
            Err(error) => {
                tracing::warn!(error = chain(&error), "prices wait for stripe");
                Ok(0)
            }
        }
    }

    /// Asks again for what was wanted and not answered. Returns how many wishes have got their answer.
    ///
    /// # Errors
    /// See [`DbError`]; a failure of a single wish waits for the next turn and is no error.
    pub async fn resume(&self) -> Result<usize, DbError> {
        let mut answered = self.resumed_prices().await?;
        for id in subscription::unanswered(&self.db).await? {
            let Some(row) = subscription::by_id(&self.db, id).await? else { continue };
            match self.subscription(&row).await {
                Ok(_) => answered += 1,
                Err(MirrorError::Refused(error)) => {
                    tracing::warn!(%id, error = chain(&error), "a subscription is refused after its caller has gone");
                    subscription::refused(&self.db, id, None).await?;
                }
                Err(error) => tracing::warn!(%id, error = chain(&error), "a subscription waits for stripe"),
            }
        }
        Ok(answered + self.endings_resumed().await? + self.changes_resumed().await? + self.leavings_resumed().await?)
    }
}

/// What a failed request to make something means.
fn not_made(error: StripeError) -> MirrorError {
    if error.is_refusal() { MirrorError::Refused(error) } else { error.into() }
}

/// Whether Stripe may have forgotten the key of a request from then.
fn is_long_ago(asked: Timestamp) -> bool {
    Timestamp::now().duration_since(asked) >= KEY_KNOWN
}

/// A form that says which row of ours it is about.
fn row(form: Form, id: Uuid) -> Form {
    form.with(&format!("metadata[{ROW}]"), id)
}
