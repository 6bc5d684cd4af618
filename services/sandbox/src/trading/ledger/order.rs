//! Orders and when they fill. In: an order and the bar after it. Out: a price, or nothing. Must not know accounts.

use super::units::{Price, Quantity};
use crate::trading::market::bar::Bar;
use serde::{Deserialize, Serialize};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// More of the thing.
    Buy,
    /// Less of it.
    Sell,
}

impl Side {
    /// The quantity with the sign it has in a position.
    #[must_use]
    pub fn signed(self, quantity: Quantity) -> Quantity {
        match self {
            Self::Buy => quantity,
            Self::Sell => Quantity(-quantity.0),
        }
    }
}

/// An order, good until it is filled, cancelled or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Which way.
    pub side: Side,
    /// How much, positive. It fills as a whole.
    pub quantity: Quantity,
    /// The worst price that will do; a market order has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Price>,
}

impl Order {
    /// The price at which it fills in a bar that began after it was placed.
    ///
    /// A market order fills at the open. A limit order fills at the open if that is no worse than its limit, else at its limit if the bar
    /// trades **through** it. A bar that only touches the limit does not fill it: how many orders stood before it there is unknown.
    #[must_use]
    pub fn fills_at(&self, bar: &Bar) -> Option<Price> {
        let Some(limit) = self.limit else { return Some(bar.open) };
        let (opens_there, goes_through) = match self.side {
            Side::Buy => (bar.open <= limit, bar.low < limit),
            Side::Sell => (bar.open >= limit, bar.high > limit),
        };
        if opens_there { Some(bar.open) } else { goes_through.then_some(limit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(side: Side, limit: Option<i64>) -> Option<i64> {
        let bar = Bar { open: Price(100), high: Price(110), low: Price(90), close: Price(105) };
        Order { side, quantity: Quantity(1), limit: limit.map(Price) }.fills_at(&bar).map(|price| price.0)
    }

    #[test]
    fn fills_are_at_the_open_or_at_the_limit() {
        for (limit, buy, sell) in [
            (None, Some(100), Some(100)),
            (Some(89), None, Some(100)),
            (Some(90), None, Some(100)),
            (Some(91), Some(91), Some(100)),
            (Some(100), Some(100), Some(100)),
            (Some(109), Some(100), Some(109)),
            (Some(110), Some(100), None),
        ] {
            assert_eq!((price(Side::Buy, limit), price(Side::Sell, limit)), (buy, sell), "{limit:?}");
        }
    }
}
