//! Calls to other services. In come values; out go theirs. Must not keep what they say longer than the caches' bounds.

pub mod account;
pub mod identity;
mod known;
pub mod siteverify;
