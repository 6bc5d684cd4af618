//! The operator against a scripted API server and a real PostgreSQL. One binary, so that it is linked once.

// Helpers outside of #[test] functions count as production code for these lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod apiserver;
mod core;
mod crash;
mod database;
mod golden;
mod harness;
mod leader;
mod network;
mod replay;
mod server;
mod service;
mod undecodable;
