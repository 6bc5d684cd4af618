//! Calls to other services. In come values; out go theirs. Must not keep what they say.

pub mod identity;
