//! The kit beside real servers, in one program, so that what they share is compiled once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail tests")]

#[path = "../support/authority.rs"]
mod authority;
#[path = "../support/doors.rs"]
mod doors;
#[path = "../support/mod.rs"]
mod support;

mod access;
mod events;
mod grpc;
mod http;
mod pool_behalf;
mod pool_cutover;
mod pool_faults;
mod pool_tls;
mod tls;
