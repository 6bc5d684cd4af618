//! One bar with exact prices. In: four prices. Out: the same. Must not know other bars.

use crate::trading::ledger::units::Price;
use crate::trading::pattern::Candle;
use serde::Serialize;

/// Open, high, low and close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
}

impl Bar {
    /// For the patterns: the floating-point numbers nearest to the prices. Generated prices are far below 2^53 units.
    #[must_use]
    pub fn candle(&self) -> Candle {
        #[allow(clippy::cast_precision_loss)]
        let float = |price: Price| price.0 as f64 / 10_000.0;
        Candle { open: float(self.open), high: float(self.high), low: float(self.low), close: float(self.close) }
    }
}
