//! What "long", "short", "near" mean at a bar. In: bars. Out: running averages of the bars before it, by the settings of candles.
//! Must not know patterns.
//!
//! An average is a running sum: what enters is added and what leaves is taken off in one step. Its last bits therefore depend on the bar at
//! which the sum began, and a pattern begins its sums at its own first answer. Sums are kept by where they began, so that patterns
//! with the same beginning share them.

use super::candle::Candle;
use std::cell::OnceCell;

/// What an average is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// A longer body is long.
    BodyLong,
    /// A shorter body is short.
    BodyShort,
    /// A body up to this is a doji's.
    BodyDoji,
    /// A longer shadow is long; measured by the bar's own body.
    ShadowLong,
    /// A longer shadow is very long; measured by the bar's own body.
    ShadowVeryLong,
    /// A shorter shadow is short.
    ShadowShort,
    /// A shorter shadow counts as none.
    ShadowVeryShort,
    /// Prices closer than this are near.
    Near,
    /// Bodies that differ by more differ far.
    Far,
    /// Prices closer than this are equal.
    Equal,
}

/// What of a bar goes into an average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Body,
    Range,
    /// Both shadows; their average is halved, for it stands for one of them.
    Shadows,
}

/// Number of settings.
const SETTINGS: usize = 10;
/// Sums begin at one of the first bars: no pattern looks back further.
const BEGINNINGS: usize = 16;

impl Setting {
    /// What is measured, over how many bars before, and the factor: the documented defaults of the oracle.
    const fn parts(self) -> (Measure, usize, f64) {
        match self {
            Self::BodyLong | Self::BodyShort => (Measure::Body, 10, 1.0),
            Self::BodyDoji | Self::ShadowVeryShort => (Measure::Range, 10, 0.1),
            Self::ShadowLong => (Measure::Body, 0, 1.0),
            Self::ShadowVeryLong => (Measure::Body, 0, 2.0),
            Self::ShadowShort => (Measure::Shadows, 10, 1.0),
            Self::Near => (Measure::Range, 5, 0.2),
            Self::Far => (Measure::Range, 5, 0.6),
            Self::Equal => (Measure::Range, 5, 0.05),
        }
    }

    /// How many bars before the one in question are averaged; 0 when it is measured by itself.
    #[must_use]
    pub const fn period(self) -> usize {
        self.parts().1
    }
}

impl Measure {
    fn of(self, bar: &Candle) -> f64 {
        match self {
            Self::Body => bar.body(),
            Self::Range => bar.range(),
            Self::Shadows => bar.upper() + bar.lower(),
        }
    }
}

/// The averages over a sequence of bars, made when they are first asked for.
#[derive(Debug)]
pub struct Averages<'a> {
    bars: &'a [Candle],
    sums: [[OnceCell<Vec<f64>>; BEGINNINGS]; SETTINGS],
}

impl<'a> Averages<'a> {
    /// Of these bars.
    #[must_use]
    pub fn of(bars: &'a [Candle]) -> Self {
        Self { bars, sums: Default::default() }
    }

    /// The bars.
    #[must_use]
    pub fn bars(&self) -> &'a [Candle] {
        self.bars
    }

    /// The average at bar `at` for a pattern whose first average of the kind is at bar `first`. No number where there are too few bars
    /// before; nothing compares with that.
    #[must_use]
    pub fn at(&self, setting: Setting, at: usize, first: usize) -> f64 {
        let (measure, period, factor) = setting.parts();
        let mean = if period == 0 {
            self.bars.get(at).map_or(f64::NAN, |bar| measure.of(bar))
        } else {
            self.sum(setting, at, first).map_or(f64::NAN, |sum| sum / exact(period))
        };
        let halved = if measure == Measure::Shadows { 2.0 } else { 1.0 };
        factor * mean / halved
    }

    fn sum(&self, setting: Setting, at: usize, first: usize) -> Option<f64> {
        let begin = first.checked_sub(setting.period())?;
        let cell = self.sums.get(setting as usize)?.get(begin)?;
        cell.get_or_init(|| self.running(setting, begin)).get(at.checked_sub(first)?).copied()
    }

    /// The sums of the windows that begin at bars `begin`, `begin + 1`, …
    fn running(&self, setting: Setting, begin: usize) -> Vec<f64> {
        let (measure, period, _) = setting.parts();
        let values: Vec<f64> = self.bars.iter().skip(begin).map(|bar| measure.of(bar)).collect();
        if values.len() < period {
            return Vec::new();
        }
        let first: f64 = values.iter().take(period).fold(0.0, |sum, value| sum + value);
        let steps = values.iter().skip(period).zip(&values);
        let rest = steps.scan(first, |sum, (enters, leaves)| {
            *sum += enters - leaves;
            Some(*sum)
        });
        std::iter::once(first).chain(rest).collect()
    }
}

/// A period as a divisor; they are single and double digits.
fn exact(period: usize) -> f64 {
    u32::try_from(period).map_or(f64::NAN, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(count: u32) -> Vec<Candle> {
        let bar = |n: u32| Candle { open: f64::from(n), high: 9.0 + f64::from(n), low: 0.0, close: 2.0 * f64::from(n) };
        (0..count).map(bar).collect()
    }

    #[test]
    fn an_average_is_of_the_bars_before() {
        let bars = bars(30);
        let averages = Averages::of(&bars);
        assert_eq!(averages.at(Setting::BodyLong, 10, 10), 4.5);
        assert_eq!(averages.at(Setting::BodyLong, 20, 10), 14.5);
        assert_eq!(averages.at(Setting::BodyLong, 20, 12), 14.5);
        assert_eq!(averages.at(Setting::ShadowLong, 7, 0), 7.0);
        assert_eq!(averages.at(Setting::ShadowVeryLong, 7, 0), 14.0);
    }

    #[test]
    fn where_there_is_too_little_there_is_no_number() {
        let bars = bars(12);
        let averages = Averages::of(&bars);
        assert!(averages.at(Setting::BodyLong, 9, 9).is_nan());
        assert!(averages.at(Setting::BodyLong, 13, 10).is_nan());
        assert!(averages.at(Setting::BodyLong, 10, 11).is_nan());
        assert!(averages.at(Setting::Near, 40, 30).is_nan());
    }
}
