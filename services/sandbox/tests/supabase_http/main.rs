//! The stand-in for Supabase Auth over real HTTP, through the kit's listener.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../running/mod.rs"]
mod running;

mod backend;
mod factors;
mod gateway;
mod hooks;
mod limits;
mod links;
mod people;
mod project;
