//! FTE on a real database, beside the sandbox's trading service and stand-ins for Identity, Account and Billing, in one program, so that
//! what the tests share is compiled once.
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
mod answers;
mod badges;
mod certificates;
mod events;
mod extra_time;
mod modules;
mod openapi;
mod rights;
mod scenario_bounds;
mod scenarios;
mod sessions;
mod statistics;
mod tenants;
