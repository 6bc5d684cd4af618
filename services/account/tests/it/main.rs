//! Account on a real database with Identity beside it, in one program, so that what they share is compiled once.
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
mod accounts;
mod address_history;
mod addresses;
mod api;
mod companies;
mod dead_letters;
mod events;
mod invites;
mod lists;
mod openapi;
mod rights;
mod roles;
mod seats;
mod tenants;
