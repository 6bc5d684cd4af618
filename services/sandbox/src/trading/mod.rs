//! The stand-in for the trading services. In: bars, scenarios, actions. Out: patterns, fills, results. Must not know HTTP.
//!
//! | room | holds |
//! |---|---|
//! | [`pattern`] | candlestick patterns, equal to TA-Lib's |
//! | [`ledger`] | orders, fills and results, exact and replayable |
//! | [`market`] | seeded bars |
//! | [`scenario`] | one person's run through a market, bar by bar |

pub mod ledger;
pub mod market;
pub mod pattern;
pub mod scenario;
