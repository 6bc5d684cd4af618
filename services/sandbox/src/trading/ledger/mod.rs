//! An exact backtest ledger. In: orders and bars. Out: append-only rows, and results that follow from nothing else. Must not know HTTP,
//! clocks or floating point.
//!
//! | room | holds |
//! |---|---|
//! | [`units`] | fixed-point numbers and the one rounding rule |
//! | [`order`] | when an order fills, and at what price |
//! | [`position`] | netting at average cost, flips |
//! | [`row`] | what is written down |
//! | [`account`] | what follows from rows |
//! | [`results`] | the figures |
//! | [`book`] | commands to rows |

pub mod account;
pub mod book;
mod error;
pub mod order;
pub mod position;
pub mod results;
pub mod row;
pub mod units;

pub use account::Account;
pub use book::Ledger;
pub use error::LedgerError;
pub use results::Results;

/// Most orders that may be open at the same time.
pub const MAX_ORDERS: usize = 32;

#[cfg(test)]
mod tests;
