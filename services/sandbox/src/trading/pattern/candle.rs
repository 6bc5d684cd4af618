//! One bar as floating-point numbers. In: open, high, low, close. Out: its measures and how two of them lie to each other.
//! Must not know other bars than the ones it is given.

use serde::Deserialize;

/// Open, high, low and close of one bar.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candle {
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
}

impl Candle {
    /// 1 for white, -1 for black. A bar that ends where it began is white: that is the convention of the oracle.
    #[must_use]
    pub fn color(&self) -> i32 {
        if self.close >= self.open { 1 } else { -1 }
    }

    /// Length of the body.
    #[must_use]
    pub fn body(&self) -> f64 {
        (self.close - self.open).abs()
    }

    /// Upper end of the body.
    #[must_use]
    pub fn top(&self) -> f64 {
        if self.close >= self.open { self.close } else { self.open }
    }

    /// Lower end of the body.
    #[must_use]
    pub fn bottom(&self) -> f64 {
        if self.close >= self.open { self.open } else { self.close }
    }

    /// Length of the upper shadow.
    #[must_use]
    pub fn upper(&self) -> f64 {
        self.high - self.top()
    }

    /// Length of the lower shadow.
    #[must_use]
    pub fn lower(&self) -> f64 {
        self.bottom() - self.low
    }

    /// From the lowest to the highest price.
    #[must_use]
    pub fn range(&self) -> f64 {
        self.high - self.low
    }

    /// Why this can't be a bar, if it can't: a price that isn't a number, or a body outside of the range.
    #[must_use]
    pub fn mistake(&self) -> Option<&'static str> {
        if ![self.open, self.high, self.low, self.close].iter().all(|price| price.is_finite()) {
            return Some("every price must be a finite number");
        }
        (self.low > self.bottom() || self.high < self.top()).then_some("open and close must lie between low and high")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_add_up() {
        let bar = Candle { open: 4.0, high: 9.0, low: 1.0, close: 6.0 };
        assert_eq!((bar.lower(), bar.body(), bar.upper(), bar.range()), (3.0, 2.0, 3.0, 8.0));
        assert_eq!(bar.color(), 1);
        assert_eq!(Candle { open: 6.0, close: 4.0, ..bar }.color(), -1);
        assert_eq!(Candle { close: 4.0, ..bar }.color(), 1);
    }

    #[test]
    fn what_can_not_be_a_bar_says_why() {
        let bar = Candle { open: 4.0, high: 9.0, low: 1.0, close: 6.0 };
        assert_eq!(bar.mistake(), None);
        assert!(Candle { high: 5.0, ..bar }.mistake().is_some());
        assert!(Candle { low: 4.5, ..bar }.mistake().is_some());
        assert!(Candle { open: f64::NAN, ..bar }.mistake().is_some());
    }
}
