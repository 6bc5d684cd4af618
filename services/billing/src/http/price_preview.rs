//! What another price would come to, as it is answered. In comes what Stripe says; out goes a view. Must not ask anybody.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::changing::Preview;
use crate::domain::change::Line;
use crate::store::plan::Offer;

/// What another price would come to in this moment.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PricePreview")]
pub(crate) struct Seen {
    /// Account's: for which account.
    account_id: Uuid,
    /// To which plan.
    plan_id: Uuid,
    /// At which price.
    price_id: Uuid,
    /// ISO 4217, small letters. Amounts are in its smallest unit.
    currency: String,
    /// What is charged at once when it is confirmed.
    due_now: i64,
    /// What is left over then, and pays for the invoices that follow.
    credit: i64,
    /// What `due_now` and `credit` are made of.
    lines: Vec<SeenLine>,
    /// What comes next if nothing else changes.
    next_invoice: Next,
}

/// A line of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PricePreviewLine")]
struct SeenLine {
    /// Less than nothing is given back for what was paid for and isn't used.
    amount: i64,
    /// Whether it is for a part of a period.
    prorated: bool,
    /// Since when.
    from: Timestamp,
    /// Until when.
    until: Timestamp,
}

/// The next invoice.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NextInvoice")]
struct Next {
    /// What is to be paid of it: the price, less what is left over.
    amount: i64,
    /// When it comes: the end of the period, or of the trial.
    at: Option<Timestamp>,
}

impl Seen {
    /// What Stripe says of an offer for an account.
    pub(super) fn of(account_id: Uuid, offer: &Offer, seen: &Preview) -> Self {
        Self {
            account_id,
            plan_id: offer.plan_id,
            price_id: offer.price_id,
            currency: offer.currency.clone(),
            due_now: seen.cost.due,
            credit: seen.cost.credit,
            lines: seen.lines.iter().map(SeenLine::of).collect(),
            next_invoice: Next { amount: seen.cost.next(offer.amount), at: seen.next_at },
        }
    }
}

impl SeenLine {
    fn of(line: &Line) -> Self {
        let time = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { amount: line.amount, prorated: line.proration, from: time(line.start), until: time(line.end) }
    }
}
