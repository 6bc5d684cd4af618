//! Account on a real database with Identity beside it, in one program, so that what they share is compiled once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail tests")]

#[path = "../../../kit/tests/support/authority.rs"]
mod authority;
#[path = "../../../kit/tests/support/doors.rs"]
mod doors;
mod platform;
#[path = "../../../kit/tests/support/mod.rs"]
mod support;

mod access;
mod accounts;
mod addresses;
mod api;
mod events;
mod rights;
mod roles;
