//! What Billing holds of people, and for how long: data only. A test compares both tables with the schema. Must not do anything.

use rerp_kit::rights::{By, Held, Lifetime};

/// What is given out to a person, and what becomes of it at an erasure, in that order. What was paid stays for as long as tax law asks, without a name: billing
/// has none. Customers at Stripe are deleted there, by whoever runs the platform.
pub const HELD: &[Held] = &[
    Held::deleted("stripe_payment_methods", By::Person, "human_name_id = ANY ($1)"),
    Held::deleted("verified_people", By::Person, "human_name_id = ANY ($1)"),
    Held::kept(
        "stripe_customers",
        By::Person,
        "human_name_id = ANY ($1)",
        "tax law: who paid, as an identifier of Stripe's",
    ),
    Held::kept("stripe_subscriptions", By::Person, "human_name_id = ANY ($1)", "tax law: what was sold, and when"),
    Held::kept(
        "kyc_billing_verification",
        By::Person,
        "human_name_id = ANY ($1)",
        "anti-money-laundering law: that somebody was identified, not who",
    ),
    Held::kept(
        "rights_log",
        By::Person,
        "human_name_id = ANY ($1)",
        "proof of what was given out and erased: identifiers and counts",
    ),
];

/// How long the rows of each table stay.
pub const LIFETIMES: &[Lifetime] = &[
    Lifetime::stays("plans", "what is sold"),
    Lifetime::stays("plan_prices", "what was sold"),
    Lifetime::stays("stripe_customers", "tax law; identifiers only"),
    Lifetime::stays("stripe_payment_methods", "until the person is erased"),
    Lifetime::stays("stripe_subscriptions", "tax law; identifiers only"),
    Lifetime::stays("stripe_payment_intents", "tax law; identifiers and amounts only"),
    Lifetime::stays("stripe_invoices", "tax law; identifiers and amounts only"),
    Lifetime::stays("kyc_billing_verification", "anti-money-laundering law; identifiers and states only"),
    Lifetime::deleted("reconciliations", "36 months", "started_at", "to look at"),
    Lifetime::elsewhere(
        "webhook_inbox",
        "store::inbox, 7 days after it came",
        "longer than Stripe sends an event again",
    ),
    Lifetime::elsewhere("idempotency_keys", "rerp_kit::idempotency, 24 hours", "nobody repeats a request later"),
    Lifetime::stays("outbox_subjects", "numbers go on for as long as there are events; identifiers only"),
    Lifetime::elsewhere(
        "outbox",
        "rerp_kit::events, as soon as an event is published, or after 6 hours where there is no bus",
        "the bus has it from then on",
    ),
    Lifetime::stays("outbox_relay", "one row: which relay has the turn"),
    Lifetime::elsewhere("inbox", "rerp_kit::events, 30 days after an event is done", "longer than the bus keeps one"),
    Lifetime::stays("verified_people", "until the person is erased; identifiers only"),
    Lifetime::stays(
        "staff_access",
        "what staff looked at or changed, and why: nobody may change it; identifiers, and words of the staff",
    ),
    Lifetime::deleted("rights_log", "36 months", "at", "as long as somebody may ask what became of a wish"),
];
