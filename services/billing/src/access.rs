//! Who may call what here, and whose data it is. Data only; the kit's guard asks before any handler does, and what has no row doesn't exist.
//!
//! Billing knows of an account no more than its identifier, and may not ask Account: what it has is the person who asked for it and pays. So
//! what is read by account is that person's (404 for everybody else, as if it weren't there), and who asks for something asks for
//! themself: a body whose `human_name_id` is somebody else's is answered 403. Staff pass.

use rerp_kit::access::May::{Person, Public, Staff};
use rerp_kit::access::Rule;
use rerp_kit::access::Verb::{Delete, Get, Post, Put};
use rerp_proto::billing::v1::entitlements_server;

/// The table.
pub const RULES: &[Rule] = &[
    Rule::route(Get, "/api/billing/plans", Public),
    Rule::route(Put, "/api/billing/plans/{code}", Staff),
    Rule::route(Post, "/api/billing/customers", Person).handler(),
    Rule::route(Post, "/api/billing/payment-methods", Person).handler(),
    Rule::route(Get, "/api/billing/payment-methods/{human_name_id}", Person).own("human_name_id"),
    Rule::route(Delete, "/api/billing/payment-methods/{human_name_id}/{payment_method_id}", Person)
        .own("human_name_id"),
    Rule::route(Post, "/api/billing/subscriptions", Person).handler(),
    Rule::route(Get, "/api/billing/subscription/{account_id}", Person).handler(),
    Rule::route(Put, "/api/billing/subscription/{account_id}", Person).handler(),
    Rule::route(Post, "/api/billing/subscription/{account_id}/preview", Person).handler(),
    Rule::route(Put, "/api/billing/subscription/{account_id}/price", Person).handler(),
    Rule::route(Post, "/api/billing/subscription/{account_id}/cancel", Person).handler(),
    Rule::route(Get, "/api/billing/invoices/{account_id}", Person).handler(),
    Rule::route(Post, "/api/billing/kyc/verify", Person).handler(),
    Rule::route(Get, "/api/billing/kyc/status/{account_id}", Person).handler(),
    // Stripe proves itself by the signature of what it sends.
    Rule::route(Post, "/api/billing/webhooks/stripe", Public),
    Rule::route(Get, "/api/billing/webhooks/stripe/events", Staff),
    Rule::route(Post, "/api/billing/webhooks/stripe/events/{id}/replay", Staff),
    Rule::route(Get, "/api/billing/dead-letters", Staff),
    Rule::route(Post, "/api/billing/dead-letters/{id}/replay", Staff),
    // What is held of oneself here, to take along.
    Rule::route(Get, "/api/billing/people/{human_name_id}/export", Person).own("human_name_id"),
    Rule::calls(entitlements_server::SERVICE_NAME),
];
