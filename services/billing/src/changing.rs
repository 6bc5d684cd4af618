//! Has Stripe say what another price would cost, and give a subscription that price. In come wishes that are written down; out go sums as Stripe has them, and rows
//! that say what came of it. A wish may be told as often as it takes: its key makes the repetition harmless, and what it may cost is looked at before.

use jiff::Timestamp;
use rerp_kit::pool::DbError;
use rerp_kit::telemetry::chain;
use serde::de::IgnoredAny;
use uuid::Uuid;

use crate::asking::Asking;
use crate::domain::change::{Agreed, Cost, Goal, Left, Line};
use crate::domain::event::Kind;
use crate::mirror::{Mirror, MirrorError};
use crate::store::changing::{self as store, Untold};
use crate::store::mirror::Fetched;
use crate::stripe::Form;
use crate::stripe::object::{Item, PreviewInvoice, Subscription};

/// What another price would come to, as Stripe says in this moment.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What would be invoiced at once.
    pub lines: Vec<Line>,
    /// What that costs.
    pub cost: Cost,
    /// When the next invoice comes.
    pub next_at: Option<Timestamp>,
    /// What Stripe is told for it to be so.
    pub agreed: Agreed,
}

/// A preview, or why there is none.
#[derive(Debug)]
pub enum Previewed {
    /// What it would come to.
    Known(Box<Preview>),
    /// A subscription keeps its currency.
    OtherCurrency,
    /// There is none of this identifier at Stripe any more.
    Gone,
}

/// What a wish came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Changed {
    /// The subscription has the price.
    Done,
    /// This is due by now, more than was agreed to. Nothing has changed.
    Dearer(i64),
    /// A subscription keeps its currency.
    OtherCurrency,
    /// There is none of this identifier at Stripe any more.
    Gone,
    /// It took so long that the wish was taken back meanwhile. Nothing has changed.
    TooLate,
}

impl Asking {
    /// Asks Stripe what a subscription would cost at another price; `since`: from when on parts of periods are counted, now if it is left out. Nothing changes by it.
    ///
    /// # Errors
    /// See [`MirrorError`].
    pub async fn preview(&self, stripe_id: &str, goal: &Goal, since: Option<i64>) -> Result<Previewed, MirrorError> {
        let found: Option<Subscription> = self.stripe.fetch(Kind::Subscription, stripe_id).await?;
        let Some((found, item)) = found.as_ref().and_then(|found| Some((found, found.items.data.first()?))) else {
            return Ok(Previewed::Gone);
        };
        if item.price.currency.as_deref() != Some(&*goal.currency) {
            return Ok(Previewed::OtherCurrency);
        }
        let form = Form::default()
            .with("subscription", stripe_id)
            .with("subscription_details[items][0][id]", &item.id)
            .with("subscription_details[items][0][price]", &goal.stripe_price_id)
            .with("subscription_details[proration_behavior]", "always_invoice")
            .maybe("subscription_details[proration_date]", since);
        // A key of its own each time: what was said before isn't asked for.
        let key = format!("preview-{}", Uuid::now_v7());
        let path = format!("{}/create_preview", Kind::Invoice.path());
        let invoice: PreviewInvoice = self.stripe.create(&path, &form, &key).await?;
        let trial_end = found.trial_end.filter(|_| found.status == "trialing");
        Ok(Previewed::Known(Box::new(read(invoice, item, goal, trial_end))))
    }

    /// Gives a subscription the price that is wished, if it costs no more than was agreed to, and writes down what it is then. It is paid at once, or nothing changes.
    ///
    /// # Errors
    /// See [`MirrorError`]; [`MirrorError::Refused`] where Stripe has changed nothing. The wish stays for another attempt if Stripe may have been told and hasn't answered.
    pub async fn changing(&self, wish: &Untold) -> Result<Changed, MirrorError> {
        let why = match self.looked(wish).await {
            Ok(Ok(agreed)) => return self.begun(wish, &agreed).await,
            Ok(Err(why)) => Ok(why),
            Err(error) => Err(error),
        };
        // Nothing was told: who asks again needn't wait.
        store::told(&self.db, wish).await?;
        why
    }

    /// Writes down what Stripe is told before it is: whoever is lost from then on leaves something to tell again.
    async fn begun(&self, wish: &Untold, agreed: &Agreed) -> Result<Changed, MirrorError> {
        if !store::agreed(&self.db, wish, agreed).await? {
            return Ok(Changed::TooLate);
        }
        self.told(wish, agreed).await
    }

    /// What Stripe is to be told, or why it isn't.
    async fn looked(&self, wish: &Untold) -> Result<Result<Agreed, Changed>, MirrorError> {
        let since = wish.agreed.as_ref().and_then(|agreed| agreed.prorated_at);
        Ok(match self.preview(&wish.stripe_subscription_id, &wish.goal, since).await? {
            Previewed::Known(seen) if seen.cost.due > wish.due_at_most => Err(Changed::Dearer(seen.cost.due)),
            Previewed::Known(seen) => Ok(seen.agreed),
            Previewed::OtherCurrency => Err(Changed::OtherCurrency),
            Previewed::Gone => Err(Changed::Gone),
        })
    }

    async fn told(&self, wish: &Untold, agreed: &Agreed) -> Result<Changed, MirrorError> {
        let path = format!("{}/{}", Kind::Subscription.path(), wish.stripe_subscription_id);
        let form = Form::default()
            .with("items[0][id]", &agreed.item)
            .with("items[0][price]", &wish.goal.stripe_price_id)
            .with("proration_behavior", "always_invoice")
            .with("payment_behavior", "error_if_incomplete")
            .maybe("proration_date", agreed.prorated_at)
            .maybe("trial_end", agreed.trial_end);
        let asked = self.stripe.create::<IgnoredAny>(&path, &form, &format!("change-{}", wish.key)).await;
        // Also when the answer is lost: it may be done.
        let has_it = self.has_price(wish).await?;
        match asked {
            Err(error) if !has_it && error.is_refusal() => {
                store::told(&self.db, wish).await?;
                return Err(MirrorError::Refused(error));
            }
            // It may still be on its way.
            Err(error) if !has_it => return Err(error.into()),
            _ => {}
        }
        // Only now may something else be wished, so wishes reach Stripe in their order.
        store::told(&self.db, wish).await?;
        Ok(Changed::Done)
    }

    /// Writes down what a subscription is at Stripe. Returns whether it has the price that is wished.
    async fn has_price(&self, wish: &Untold) -> Result<bool, MirrorError> {
        let mirror = Mirror { db: self.db.clone(), stripe: self.stripe.clone() };
        let fetched = mirror.refresh(Kind::Subscription, &wish.stripe_subscription_id, None).await?;
        let Fetched::Subscription(object, _) = fetched else { return Ok(false) };
        Ok(object.items.data.first().is_some_and(|item| item.price.id == wish.goal.stripe_price_id))
    }

    /// Finds out what came of wishes whose callers are gone, and tells Stripe again what it has not answered. Returns of how many it is known now.
    ///
    /// # Errors
    /// See [`DbError`]; a failure of a single wish waits for the next turn and is no error.
    pub async fn changes_resumed(&self) -> Result<usize, DbError> {
        let mut answered = 0;
        for wish in store::untold(&self.db).await? {
            match self.resumed_change(&wish).await {
                Ok(known) => answered += usize::from(known),
                Err(MirrorError::Refused(error)) => {
                    tracing::warn!(id = %wish.id, error = chain(&error), "a change of price is refused after its caller has gone");
                    answered += 1;
                }
                Err(error) => {
                    tracing::warn!(id = %wish.id, error = chain(&error), "a change of price waits for stripe")
                }
            }
        }
        Ok(answered)
    }

    async fn resumed_change(&self, wish: &Untold) -> Result<bool, MirrorError> {
        let left = Left::of(wish.agreed.is_some(), Timestamp::now().duration_since(wish.asked_at.to_jiff()));
        match (left, &wish.agreed) {
            (Left::Waits, _) => return Ok(false),
            // What is due may be more than it was: what was left over has paid for something else.
            (Left::Told, Some(agreed)) if !self.has_price(wish).await? => match self.looked(wish).await? {
                Ok(_) => return self.told(wish, agreed).await.map(|_| true),
                Err(why) => {
                    tracing::warn!(id = %wish.id, ?why, "a change of price is dropped after its caller has gone")
                }
            },
            (Left::LookedAt, _) if !self.has_price(wish).await? => {
                tracing::warn!(id = %wish.id, "a change of price is dropped, which stripe has not answered for too long");
            }
            _ => {}
        }
        store::told(&self.db, wish).await?;
        Ok(true)
    }
}

/// Prices of one interval keep the period, whose end brings the next invoice; only parts of it are due now, whatever else a preview shows. Another interval begins a
/// period at once, unless a trial is on.
fn read(invoice: PreviewInvoice, item: &Item, goal: &Goal, trial_end: Option<i64>) -> Preview {
    let restarts = trial_end.is_none() && item.price.recurring.as_ref().is_none_or(|now| now.interval != goal.interval);
    let all = invoice.lines.data.iter().map(|line| Line {
        amount: line.amount,
        proration: line.is_proration(),
        start: line.period.start,
        end: line.period.end,
    });
    let lines: Vec<Line> = all.filter(|line| restarts || line.proration).collect();
    let begun = lines.iter().find(|line| !line.proration).map(|line| line.end);
    let next_at = begun.or(item.current_period_end).and_then(|at| Timestamp::from_second(at).ok());
    let prorated_at = lines.iter().find(|line| line.proration).map(|line| line.start);
    let mut cost = Cost::of(&lines, invoice.starting_balance);
    // With taxes, say, it is more than its lines.
    if lines.len() == invoice.lines.data.len() {
        cost.due = cost.due.max(invoice.amount_due);
    }
    Preview { lines, cost, next_at, agreed: Agreed { item: item.id.clone(), prorated_at, trial_end } }
}
