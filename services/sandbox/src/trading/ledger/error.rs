//! What the ledger refuses. Nothing of a refused command is written down.

use thiserror::Error;

/// Why a command, or a row in a replay, was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// An amount leaves 64 bits.
    #[error("an amount does not fit into 64 bits")]
    Overflow,
    /// A row doesn't follow the one before.
    #[error("row {found} where row {expected} was expected")]
    Gap {
        /// What should have come.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The first row must open the account, and no other.
    #[error("an account is opened once, by its first row")]
    Opening,
    /// A fill in a bar that was known when the order was placed, or in one that isn't the present one.
    #[error("an order can only be filled in the present bar, and in none that was known when it was placed")]
    LookAhead,
    /// There is no bar yet.
    #[error("no bar is known yet")]
    NoBar,
    /// A bar out of order.
    #[error("bars follow each other")]
    BarOrder,
    /// No such open order.
    #[error("there is no open order {0}")]
    NoOrder(u32),
    /// Too many open orders.
    #[error("at most {} orders may be open", super::MAX_ORDERS)]
    TooManyOrders,
    /// A price or quantity that isn't positive, or cash or a fee that is negative.
    #[error("prices and quantities must be positive, cash and fees must not be negative")]
    NotPositive,
    /// The free cash does not cover the order.
    #[error("the free cash does not cover the order")]
    InsufficientCash,
}
