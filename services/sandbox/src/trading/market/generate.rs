//! Generated bars. In: a seed. Out: the next bar, for ever; the same seed gives the same bars. Must not look ahead: a bar does not exist
//! before it is asked for.
//!
//! A walk in whole ticks of 0.01 with moods that last for a while (calm, rising, falling, wild), gaps now and then and many small bodies,
//! so that every kind of candlestick turns up. No floating point, so that it is the same walk on every machine.

use super::bar::Bar;
use super::rng::Rng;
use crate::trading::ledger::units::Price;

/// Units of a price in one tick.
const TICK: i64 = 100;
/// The walk stays between 1.00 and 100,000.00.
const LOWEST: i64 = 100;
const HIGHEST: i64 = 10_000_000;

/// A market, from its first bar on.
#[derive(Debug, Clone)]
pub struct Market {
    rng: Rng,
    /// The last close, in ticks.
    close: i64,
    mood: Mood,
    /// Bars until the mood changes.
    left: i64,
}

/// How the walk goes for a while.
#[derive(Debug, Clone, Copy)]
struct Mood {
    /// Drift of a bar in hundred-thousandths of the price.
    drift: i64,
    /// Reach of a bar, in the same.
    reach: i64,
}

impl Market {
    /// The market of this seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let close = 2_000 + rng.below(48_000);
        Self { rng, close, mood: Mood { drift: 0, reach: 0 }, left: 0 }
    }

    /// The next bar.
    pub fn next_bar(&mut self) -> Bar {
        if self.left == 0 {
            self.mood = self.change_mood();
            self.left = 10 + self.rng.below(60);
        }
        self.left -= 1;
        let reach = (self.close * self.mood.reach / 100_000).max(2);
        let gap = if self.rng.chance(250) { self.rng.around_zero(reach) } else { 0 };
        // One bar in five hardly has a body.
        let body = if self.rng.chance(200) { self.rng.around_zero(reach / 20) } else { self.rng.around_zero(reach) };
        let drift = self.close * self.mood.drift / 100_000;
        let open = (self.close + gap).clamp(LOWEST, HIGHEST);
        let close = (open + body + drift).clamp(LOWEST, HIGHEST);
        let (upper, lower) = (self.shadow(reach), self.shadow(reach));
        self.close = close;
        let price = |ticks: i64| Price(ticks * TICK);
        let (high, low) = (open.max(close) + upper, (open.min(close) - lower).max(LOWEST));
        Bar { open: price(open), high: price(high), low: price(low), close: price(close) }
    }

    fn shadow(&mut self, reach: i64) -> i64 {
        if self.rng.chance(300) { 0 } else { self.rng.around_zero(reach).abs() }
    }

    fn change_mood(&mut self) -> Mood {
        let reach = [300, 800, 800, 2_500][usize::try_from(self.rng.below(4)).unwrap_or_default()];
        let drift = [-150, 0, 0, 150][usize::try_from(self.rng.below(4)).unwrap_or_default()];
        Mood { drift, reach }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(seed: u64, count: usize) -> Vec<Bar> {
        let mut market = Market::of(seed);
        (0..count).map(|_| market.next_bar()).collect()
    }

    #[test]
    fn a_seed_names_a_market_for_ever() {
        assert_eq!(bars(7, 500), bars(7, 500));
        assert_ne!(bars(7, 5), bars(8, 5));
        // A change here changes every scenario that was named by its seed.
        let sum: i64 = bars(7, 1_000).iter().map(|bar| bar.open.0 ^ bar.high.0 ^ bar.low.0 ^ bar.close.0).sum();
        assert_eq!(sum, PINNED);
    }

    const PINNED: i64 = 65_935_172;

    #[test]
    fn bars_are_possible_for_a_long_time() {
        for seed in 0..20 {
            for bar in bars(seed, 5_000) {
                assert_eq!(bar.candle().mistake(), None, "{bar:?}");
                assert!(bar.low.0 >= LOWEST * TICK && bar.high.0 < 3 * HIGHEST * TICK);
            }
        }
    }
}
