//! Calls to services that nobody else asks the same. In come values; out go theirs, or problems for whoever asked. Must not keep what decides whether a
//! person may do something.

pub mod account;
pub mod trading;
