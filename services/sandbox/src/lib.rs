//! Sandbox: one program that stands in for the vendors and services that are not ours, so that the platform can be tried without them.
//!
//! | room | holds |
//! |---|---|
//! | [`trading`] | the trading services: patterns, markets, an exact ledger |

pub mod trading;
