//! The load generator and the seed, in one program, so that what they share is compiled once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail tests")]

#[path = "../../../kit/tests/support/authority.rs"]
mod authority;
#[allow(dead_code, unreachable_pub, reason = "the engine's tests use more of it")]
#[path = "../../../../split/tests/it/support/cluster.rs"]
mod cluster;
#[path = "../../../kit/tests/support/mod.rs"]
mod support;

mod foreign_keys;
mod journey_ends;
mod journeys;
mod load;
mod seed;
mod speaking;
