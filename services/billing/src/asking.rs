//! What Stripe is asked to make. In come rows that say what is wanted; out go Stripe's objects, made once however often it is asked: the
//! row's identifier is in the idempotency key, and in the object's metadata for the time when Stripe has forgotten the key.

use rerp_kit::pool::{Db, DbError};
use uuid::Uuid;

use crate::domain::event::Kind;
use crate::mirror::{Mirror, MirrorError};
use crate::store::mirror::ROW;
use crate::store::subscription::Subscription;
use crate::store::{customer, subscription};
use crate::stripe::object::Customer;
use crate::stripe::{Form, Stripe, StripeError};
use serde::Deserialize;

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
            let (id, person) = (row.customer_id, human_name_id);
            let form = Form::default().with(&format!("metadata[{ROW}]"), id).with("metadata[human_name_id]", person);
            let object: Customer = self.stripe.create(Kind::Customer.path(), &form, &format!("customer-{id}")).await?;
            customer::answered(&self.db, id, &object.id).await?;
            row.stripe_customer_id = Some(object.id);
        }
        Ok((row, made))
    }

    /// Makes a subscription that is wanted, and writes down what it is. The answer is a secret with which the person's browser confirms the
    /// first payment, if there is one to confirm.
    ///
    /// # Errors
    /// See [`MirrorError`]; a refusal by Stripe leaves the row for the caller to take back.
    pub async fn subscription(&self, row: &Subscription) -> Result<Option<String>, MirrorError> {
        let (person, _) = self.customer(row.human_name_id).await?;
        let customer = person.stripe_customer_id.ok_or(StripeError::Unreachable("no customer"))?;
        let trial = (row.trial_days > 0).then_some(row.trial_days);
        let form = Form::default()
            .with("customer", customer)
            .with("items[0][price]", &row.stripe_price_id)
            .with("payment_behavior", "default_incomplete")
            .with("payment_settings[save_default_payment_method]", "on_subscription")
            .maybe("trial_period_days", trial)
            .maybe("trial_settings[end_behavior][missing_payment_method]", trial.map(|_| "pause"))
            .with(&format!("metadata[{ROW}]"), row.id)
            .with("metadata[account_id]", row.account_id)
            .with("expand[0]", "latest_invoice.confirmation_secret");
        let key = format!("subscription-{}", row.id);
        let made: Made = self.stripe.create(Kind::Subscription.path(), &form, &key).await?;
        let mirror = Mirror { db: self.db.clone(), stripe: self.stripe.clone() };
        mirror.refresh(Kind::Subscription, &made.id, None).await?;
        let secret = made.latest_invoice.and_then(|invoice| invoice.confirmation_secret);
        Ok(secret.map(|secret| secret.client_secret))
    }

    /// Asks again for what was wanted and not answered. Returns how many wishes have got their answer.
    ///
    /// # Errors
    /// See [`DbError`]; a failure of a single wish waits for the next turn and is no error.
    pub async fn resume(&self) -> Result<usize, DbError> {
        let mut answered = 0;
        for id in subscription::unanswered(&self.db).await? {
            let Some(row) = subscription::by_id(&self.db, id).await? else { continue };
            match self.subscription(&row).await {
                Ok(_) => answered += 1,
                Err(MirrorError::Stripe(error)) if !error.is_passing() => {
                    tracing::warn!(%id, %error, "a subscription is refused after its caller has gone");
                    subscription::refused(&self.db, id, None).await?;
                }
                Err(error) => tracing::warn!(%id, %error, "a subscription waits for stripe"),
            }
        }
        Ok(answered)
    }
}
