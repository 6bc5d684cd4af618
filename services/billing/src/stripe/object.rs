//! Stripe's objects, as far as billing reads them. Data only. Fields that are not named here are left at Stripe, names and addresses
//! first of all. Source: Stripe's API reference for the version in [`super::VERSION`].

use std::collections::HashMap;

use serde::Deserialize;

/// What we wrote on an object when it was made.
pub type Metadata = HashMap<String, String>;

/// `customer`.
#[derive(Debug, Clone, Deserialize)]
pub struct Customer {
    /// `cus_…`.
    pub id: String,
    /// Gone; an object that is gone has no metadata.
    #[serde(default)]
    pub deleted: bool,
    /// Ours.
    #[serde(default)]
    pub metadata: Metadata,
}

/// `setup_intent`.
#[derive(Debug, Clone, Deserialize)]
pub struct SetupIntent {
    /// `seti_…`.
    pub id: String,
    /// With it the person's browser finishes what we began.
    pub client_secret: Option<String>,
    /// `succeeded` when there is a payment method.
    pub status: String,
    /// `pm_…`.
    pub payment_method: Option<String>,
}

/// `payment_method`.
#[derive(Debug, Clone, Deserialize)]
pub struct PaymentMethod {
    /// `pm_…`.
    pub id: String,
    /// Whose; none once it is detached.
    pub customer: Option<String>,
    /// If it is a card.
    pub card: Option<Card>,
}

/// What people recognise a card by.
#[derive(Debug, Clone, Deserialize)]
pub struct Card {
    /// `visa`…
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// 1 to 12.
    pub exp_month: i16,
    /// Four digits.
    pub exp_year: i16,
}

/// `subscription`.
#[derive(Debug, Clone, Deserialize)]
pub struct Subscription {
    /// `sub_…`.
    pub id: String,
    /// One of eight.
    pub status: String,
    /// It ends with the period that is paid for.
    pub cancel_at_period_end: bool,
    /// Seconds.
    pub trial_end: Option<i64>,
    /// What is subscribed to.
    pub items: List<Item>,
    /// Ours.
    #[serde(default)]
    pub metadata: Metadata,
}

/// A page of something; the first one holds all that billing asks for.
#[derive(Debug, Clone, Deserialize)]
pub struct List<T> {
    /// What is on it.
    pub data: Vec<T>,
    /// Whether another page follows.
    #[serde(default)]
    pub has_more: bool,
}

/// `subscription_item`.
#[derive(Debug, Clone, Deserialize)]
pub struct Item {
    /// `si_…`.
    pub id: String,
    /// Seconds. On the item and not on the subscription, whose items may have several periods.
    pub current_period_end: Option<i64>,
    /// At which price.
    pub price: Price,
}

/// `price`.
#[derive(Debug, Clone, Deserialize)]
pub struct Price {
    /// `price_…`.
    pub id: String,
    /// Three small letters.
    pub currency: Option<String>,
    /// If it is paid again and again.
    pub recurring: Option<Recurring>,
}

/// How often a price is paid.
#[derive(Debug, Clone, Deserialize)]
pub struct Recurring {
    /// `month`, `year`…
    pub interval: String,
}

/// `invoice` that isn't made: what would be invoiced.
#[derive(Debug, Clone, Deserialize)]
pub struct PreviewInvoice {
    /// What the customer has from before; minor units, negative for a credit.
    #[serde(default)]
    pub starting_balance: i64,
    /// What is to be paid of all its lines; minor units.
    #[serde(default)]
    pub amount_due: i64,
    /// What it is for. The first page: of a change of one price there are two at most, and one of what comes next.
    pub lines: List<InvoiceLine>,
}

/// `line_item`.
#[derive(Debug, Clone, Deserialize)]
pub struct InvoiceLine {
    /// Minor units; negative if it is given back.
    pub amount: i64,
    /// For which time.
    pub period: Period,
    /// Why it is there.
    pub parent: Option<LineParent>,
}

impl InvoiceLine {
    /// Whether it is for a part of a period.
    #[must_use]
    pub fn is_proration(&self) -> bool {
        self.parent.as_ref().and_then(|parent| parent.subscription_item_details.as_ref()).is_some_and(|of| of.proration)
    }
}

/// A time.
#[derive(Debug, Clone, Deserialize)]
pub struct Period {
    /// Seconds.
    pub start: i64,
    /// Seconds.
    pub end: i64,
}

/// Why a line is there.
#[derive(Debug, Clone, Deserialize)]
pub struct LineParent {
    /// If it is for what is subscribed to.
    pub subscription_item_details: Option<LineOfItem>,
}

/// What is subscribed to, of a line.
#[derive(Debug, Clone, Deserialize)]
pub struct LineOfItem {
    /// For a part of a period.
    pub proration: bool,
}

/// `payment_intent`.
#[derive(Debug, Clone, Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`.
    pub id: String,
    /// `succeeded` when the money is ours.
    pub status: String,
    /// Minor units.
    pub amount: i64,
    /// Minor units.
    #[serde(default)]
    pub amount_received: i64,
    /// Three small letters.
    pub currency: String,
}

/// `invoice`.
#[derive(Debug, Clone, Deserialize)]
pub struct Invoice {
    /// `in_…`.
    pub id: String,
    /// None while it is a preview.
    pub status: Option<String>,
    /// Minor units.
    pub amount_due: i64,
    /// Minor units.
    pub amount_paid: i64,
    /// Three small letters.
    pub currency: String,
    /// What it is for.
    pub parent: Option<Parent>,
    /// How it is paid; there if it was asked for.
    pub payments: Option<List<InvoicePayment>>,
}

/// A payment of an invoice.
#[derive(Debug, Clone, Deserialize)]
pub struct InvoicePayment {
    /// With what.
    pub payment: PaymentOf,
}

/// With what an invoice is paid.
#[derive(Debug, Clone, Deserialize)]
pub struct PaymentOf {
    /// `pi_…`, if it is a payment intent.
    pub payment_intent: Option<String>,
}

/// What an invoice is for.
#[derive(Debug, Clone, Deserialize)]
pub struct Parent {
    /// If it is for a subscription.
    pub subscription_details: Option<SubscriptionDetails>,
}

/// The subscription an invoice is for.
#[derive(Debug, Clone, Deserialize)]
pub struct SubscriptionDetails {
    /// `sub_…`.
    pub subscription: String,
}

/// `identity.verification_session`.
#[derive(Debug, Clone, Deserialize)]
pub struct VerificationSession {
    /// `vs_…`.
    pub id: String,
    /// `requires_input`, `processing`, `verified` or `canceled`.
    pub status: String,
    /// Where the person shows documents, to Stripe.
    pub url: Option<String>,
    /// Ours.
    #[serde(default)]
    pub metadata: Metadata,
}
