//! Signed tokens (RFC 7515, compact). In: texts and keys. Out: what a text says, if it is written in the one way that it may be, and whether a
//! key has signed it. Must not believe what it read: who may sign, and what has to be said, is for whoever asks.
//!
//! `token` takes a text apart, `key` checks a signature with the one algorithm that a key is for, `signer` makes one.

mod key;
mod signer;
mod token;

pub use key::{Algorithm, PublicKey};
pub(crate) use signer::SigningKey;
pub use token::{Compact, Head, Unreadable};

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;
