//! The engine on real servers, in one program, so that what they share is compiled once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail tests")]

mod support;
mod world;

mod approve;
mod back;
mod cli;
mod copy;
mod evidence;
mod fence_broken;
mod fence_crash;
mod fence_ledger;
mod fence_stmt;
mod fence_streams;
mod fence_transcripts;
mod guards;
mod journal;
mod ledger_harness;
mod monolith;
mod old_tables;
mod order;
mod partitions;
mod policies;
mod preflight;
mod rehearsal;
mod run;
mod sever;
mod sever_back;
mod sever_watch;
mod tls;
mod types;
mod verify;
mod verify_alone;
mod verify_sample;
mod versions;
mod wal;
mod worker;
