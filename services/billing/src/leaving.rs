//! Has Stripe forget payment methods that were taken back. In come rows that say so; out go calls to Stripe, and rows that say what came of them. Done twice it has the
//! effect of once.

use rerp_kit::pool::DbError;
use rerp_kit::telemetry::chain;
use serde::de::IgnoredAny;

use crate::asking::Asking;
use crate::domain::event::Kind;
use crate::mirror::{Mirror, MirrorError};
use crate::store::leaving::{self, Leaving};
use crate::stripe::Form;

impl Asking {
    /// Has Stripe charge another one from now on, if there is one, and forget this one.
    ///
    /// # Errors
    /// See [`MirrorError`]; the row stays, for another attempt.
    pub async fn leaving(&self, row: &Leaving) -> Result<(), MirrorError> {
        // What is known of it later is forgotten later.
        let Some(method) = &row.stripe_payment_method_id else { return Ok(()) };
        if let Some((customer, other)) = leaving::newest(&self.db, row.human_name_id).await? {
            let key = format!("leaving-{}-{other}", row.id);
            let form = Form::default().with("invoice_settings[default_payment_method]", other);
            let path = format!("{}/{customer}", Kind::Customer.path());
            self.stripe.create::<IgnoredAny>(&path, &form, &key).await?;
        }
        let path = format!("{}/{method}/detach", Kind::PaymentMethod.path());
        match self.stripe.create::<IgnoredAny>(&path, &Form::default(), &format!("detach-{}", row.id)).await {
            Ok(_) => {}
            // Somebody has done so at Stripe: the fetch says what it is.
            Err(error) if error.is_refusal() => {
                tracing::info!(id = %row.id, error = chain(&error), "stripe has no such payment method of anybody");
            }
            Err(error) => return Err(error.into()),
        }
        let mirror = Mirror { db: self.db.clone(), stripe: self.stripe.clone() };
        mirror.refresh(Kind::PaymentMethod, method, None).await.map(drop)
    }

    /// Tells Stripe again of those that it has not forgotten. Returns how many it has now.
    ///
    /// # Errors
    /// See [`DbError`]; a failure of a single one waits for the next turn and is no error.
    pub async fn leavings_resumed(&self) -> Result<usize, DbError> {
        let mut gone = 0;
        for row in leaving::untold(&self.db).await? {
            match self.leaving(&row).await {
                Ok(()) => gone += 1,
                Err(error) => tracing::warn!(id = %row.id, error = chain(&error), "a payment method waits for stripe"),
            }
        }
        Ok(gone)
    }
}
