//! Billing on a real database with Identity and the stand-in for Stripe beside it, in one program, so that what they share is compiled once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail tests")]

#[path = "../../../kit/tests/support/authority.rs"]
mod authority;
#[path = "../../../kit/tests/support/conformance.rs"]
mod conformance;
#[path = "../../../kit/tests/support/doors.rs"]
mod doors;
#[path = "../../../kit/tests/support/front.rs"]
mod front;
mod platform;
#[path = "../../../kit/tests/support/mod.rs"]
mod support;
#[path = "../../../kit/tests/support/tenants.rs"]
mod trial;

mod access;
mod change_losses;
mod changes;
mod endings;
mod entitlements;
mod events;
mod invoices;
mod kyc;
mod openapi;
mod orders;
mod payment_methods;
mod plans;
mod reconciliation;
mod rights;
mod subscriptions;
mod tenants;
mod webhook_events;
mod webhooks;
mod wire;
