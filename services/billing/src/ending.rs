//! Has Stripe end subscriptions, or keep them going. In come wishes that are written down; out go calls to Stripe, and rows that say what came of them. A wish
//! may be told as often as it takes: its key, or its nature, makes the repetition harmless.

use rerp_kit::pool::DbError;
use rerp_kit::telemetry::chain;
use serde::de::IgnoredAny;

use crate::asking::Asking;
use crate::domain::ending::Ending;
use crate::domain::event::Kind;
use crate::mirror::{Mirror, MirrorError};
use crate::store::ending::{self, Untold};
use crate::stripe::{Form, StripeError};

impl Asking {
    /// Tells Stripe what a subscription is to come to, and writes down what it is then. Returns whether Stripe has taken it: it refuses what has ended there
    /// meanwhile, and the row says so from then on.
    ///
    /// # Errors
    /// See [`MirrorError`]; the wish stays, for another attempt.
    pub async fn ending(&self, wish: &Untold) -> Result<bool, MirrorError> {
        let taken = match self.tell(wish).await {
            Ok(()) => true,
            Err(error) if error.is_refusal() => {
                tracing::info!(id = %wish.id, ending = wish.ending.name(), error = chain(&error), "stripe doesn't end or keep a subscription");
                false
            }
            Err(error) => return Err(error.into()),
        };
        let mirror = Mirror { db: self.db.clone(), stripe: self.stripe.clone() };
        mirror.refresh(Kind::Subscription, &wish.stripe_subscription_id, None).await?;
        // Only now may something else be wished, so wishes reach Stripe in their order.
        ending::told(&self.db, wish).await?;
        Ok(taken)
    }

    async fn tell(&self, wish: &Untold) -> Result<(), StripeError> {
        let path = format!("{}/{}", Kind::Subscription.path(), wish.stripe_subscription_id);
        let ends = match wish.ending {
            Ending::Now => return self.stripe.delete(&path).await,
            Ending::AtPeriodEnd => true,
            Ending::Stays => false,
        };
        let form = Form::default().with("cancel_at_period_end", ends);
        // A request that was held up on its way, and arrives after the next wish, is answered as the first time and changes nothing.
        let key = format!("ending-{}-{}", wish.id, wish.asked_at.to_jiff().as_microsecond());
        self.stripe.create::<IgnoredAny>(&path, &form, &key).await.map(drop)
    }

    /// Tells Stripe again what it has not answered. Returns how many wishes have got their answer.
    ///
    /// # Errors
    /// See [`DbError`]; a failure of a single wish waits for the next turn and is no error.
    pub async fn endings_resumed(&self) -> Result<usize, DbError> {
        let mut answered = 0;
        for wish in ending::untold(&self.db).await? {
            match self.ending(&wish).await {
                Ok(_) => answered += 1,
                Err(error) => {
                    tracing::warn!(id = %wish.id, error = chain(&error), "the end of a subscription waits for stripe")
                }
            }
        }
        Ok(answered)
    }
}
