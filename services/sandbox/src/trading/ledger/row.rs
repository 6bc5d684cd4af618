//! The rows of the ledger: what happened, and nothing that follows from it. Must not hold results.

use super::order::Order;
use super::units::{Money, Price, Quantity, half_even};
use crate::trading::market::bar::Bar;
use serde::{Deserialize, Serialize};

/// A row. Rows are numbered from 0 without gaps and are never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its number.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Entry {
    /// The account was opened.
    Opened {
        /// Cash to begin with.
        cash: Money,
        /// What fills will cost.
        fees: Fees,
    },
    /// A bar became known.
    Bar {
        /// Its place, from 0.
        index: u32,
        /// The bar.
        bar: Bar,
    },
    /// An order was placed.
    Placed {
        /// Its name from now on.
        order: u32,
        /// The order.
        #[serde(flatten)]
        terms: Order,
        /// Cash set aside for it.
        reserved: Money,
    },
    /// An order was withdrawn.
    Cancelled {
        /// Which one.
        order: u32,
    },
    /// An order was filled in the present bar, as a whole.
    Filled {
        /// Which one.
        order: u32,
        /// At this price.
        price: Price,
        /// The fee for it.
        fee: Money,
    },
    /// An order would have been filled in the present bar, but its account could not pay for it; it is gone.
    Refused {
        /// Which one.
        order: u32,
    },
    /// Patterns were named for the present bar.
    Named {
        /// Those that are there.
        right: Vec<String>,
        /// Those that are not.
        wrong: Vec<String>,
        /// Those that are there and were not named.
        missed: Vec<String>,
    },
}

/// What a fill costs. Whole minor units if `fixed` is: the part by rate is rounded half to even to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// Millionths of what is traded.
    pub rate_ppm: u32,
    /// For each fill.
    pub fixed: Money,
}

impl Fees {
    /// The fee of a fill.
    ///
    /// # Errors
    /// The amount doesn't fit.
    pub fn of(&self, price: Price, quantity: Quantity) -> Result<Money, super::LedgerError> {
        let millionths = i128::from(super::units::notional(price, quantity)?.0) * i128::from(self.rate_ppm);
        let minor = half_even(millionths, 1_000_000 * i128::from(super::units::MINOR));
        let by_rate = super::units::fit(minor * i128::from(super::units::MINOR))?;
        Ok(Money(super::units::sum(self.fixed.0, by_rate)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_whole_minor_units() {
        // 0.1 % of 123.45 is 0.12345.
        let fees = Fees { rate_ppm: 1_000, fixed: Money(100_000_000) };
        assert_eq!(fees.of(Price(1_234_500), Quantity(10_000)), Ok(Money(112_000_000)));
        assert!(fees.of(Price(i64::MAX), Quantity(10_000)).is_err());
    }
}
