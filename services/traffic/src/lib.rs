//! Traffic: load for the platform and a ledger of what it acknowledged, and a seeded data set to start from.
//!
//! | room | holds |
//! |---|---|
//! | [`generate`] | pure, seeded test data with the oddities of real data |
//! | [`load`] | the open loop of form posts, and journeys beside it |
//! | [`ledger`] | what was acknowledged, and the arithmetic on it |
//! | [`http`] | start, stop, report, ledger |
//! | [`seed`] | fills a monolith with generated rows |
//!
//! The ledger never looks into a database and the seed never sends a request: who judges must not depend on what is judged.

pub mod config;
pub mod generate;
pub mod http;
pub mod ledger;
pub mod load;
pub mod seed;
pub mod serve;
