//! Whose rows are whose here, as data; `migrations/0010_tenants.sql` and `0020_rights.sql` say the same in policies, and `tests/it/tenants.rs` tries it.
//!
//! Billing knows of an account no more than its identifier, so what is paid for an account is the person's who asked for it and pays. Payments and invoices are those
//! of the subscription that they are for; before that is known no person sees them.

use rerp_kit::tenants::{Table, Whose, machinery};

/// Every table of the schema.
pub const TABLES: &[Table] = &[
    Table::new("stripe_customers", Whose::Person),
    Table::new("stripe_payment_methods", Whose::Person),
    Table::new("stripe_subscriptions", Whose::Person),
    Table::new("stripe_payment_intents", Whose::Person),
    Table::new("stripe_invoices", Whose::Person),
    Table::new("kyc_billing_verification", Whose::Person),
    Table::new("verified_people", Whose::Person),
    Table::new("rights_log", Whose::Person),
    Table::new("plans", Whose::Nobody("what is offered, for everybody")),
    Table::new("plan_prices", Whose::Nobody("what is offered, for everybody")),
    Table::new("reconciliations", Whose::Nobody("numbers of a night")),
    Table::new("webhook_inbox", Whose::Nobody("names of events and objects at Stripe, for a week")),
    machinery::IDEMPOTENCY_KEYS,
    machinery::OUTBOX_SUBJECTS,
    machinery::OUTBOX,
    machinery::OUTBOX_RELAY,
    machinery::INBOX,
    machinery::STAFF_ACCESS,
    machinery::MIGRATIONS,
];
