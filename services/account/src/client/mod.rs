//! Calls to other services but Identity, which has a crate of its own. In come values; out go theirs, or problems for whoever asked.

pub mod billing;
