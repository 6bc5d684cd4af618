//! The gateway in front of real services of the kit, over real sockets, in one program, so that what the tests share is compiled once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail tests")]

#[path = "../../../kit/tests/support/authority.rs"]
mod authority;
#[path = "../../../kit/tests/support/issuer.rs"]
mod issuer;
#[path = "../../../kit/tests/support/mod.rs"]
mod support;
mod world;

mod away;
mod coverage;
mod inside;
mod leaving;
mod often;
mod pages;
mod passing;
mod reading;
mod sites;
mod who;
