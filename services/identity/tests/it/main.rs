//! Identity on a real database, in one program, so that what they share is compiled once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail tests")]

#[path = "../../../kit/tests/support/authority.rs"]
mod authority;
#[path = "../../../kit/tests/support/conformance.rs"]
mod conformance;
#[path = "../../../kit/tests/support/doors.rs"]
mod doors;
#[path = "../../../kit/tests/support/front.rs"]
mod front;
#[path = "../../../kit/tests/support/mod.rs"]
mod support;
#[path = "../../../kit/tests/support/tenants.rs"]
mod trial;

mod access;
mod api;
mod changes;
mod contacts;
mod dead_letters;
mod events;
mod hooks;
mod openapi;
mod people;
mod process;
mod rights;
mod search;
mod secrecy;
mod stand_in;
mod tenants;
mod upserts;
mod verify;
