//! The words the table of patterns is written in. In: bars, their averages, and which bar is the last one. Out: yes, no, or a length.
//! Must not know patterns.
//!
//! A bar is named by how many bars it lies before the last one: `open(0)` is the last bar's, `open(2)` that of the second before it.

use super::average::{Averages, Setting};
use super::candle::Candle;

/// A place in a sequence of bars, seen by one pattern.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    averages: &'a Averages<'a>,
    at: usize,
    /// The first place this pattern looks at, where its sums begin.
    first: usize,
}

impl<'a> Window<'a> {
    /// At bar `at`, for a pattern that looks at `first` first.
    #[must_use]
    pub fn new(averages: &'a Averages<'a>, at: usize, first: usize) -> Self {
        Self { averages, at, first }
    }

    fn bar(&self, back: usize) -> &'a Candle {
        &self.averages.bars()[self.at - back]
    }

    fn average(&self, setting: Setting, back: usize) -> f64 {
        self.averages.at(setting, self.at - back, self.first - back)
    }
}

/// Prices and lengths.
impl Window<'_> {
    pub(super) fn open(&self, back: usize) -> f64 {
        self.bar(back).open
    }
    pub(super) fn high(&self, back: usize) -> f64 {
        self.bar(back).high
    }
    pub(super) fn low(&self, back: usize) -> f64 {
        self.bar(back).low
    }
    pub(super) fn close(&self, back: usize) -> f64 {
        self.bar(back).close
    }
    pub(super) fn top(&self, back: usize) -> f64 {
        self.bar(back).top()
    }
    pub(super) fn bottom(&self, back: usize) -> f64 {
        self.bar(back).bottom()
    }
    pub(super) fn body(&self, back: usize) -> f64 {
        self.bar(back).body()
    }
    pub(super) fn upper(&self, back: usize) -> f64 {
        self.bar(back).upper()
    }
    pub(super) fn lower(&self, back: usize) -> f64 {
        self.bar(back).lower()
    }
    pub(super) fn range(&self, back: usize) -> f64 {
        self.bar(back).range()
    }
    /// The distance that counts as near, at that bar.
    pub(super) fn near(&self, back: usize) -> f64 {
        self.average(Setting::Near, back)
    }
    /// The difference that counts as far.
    pub(super) fn far(&self, back: usize) -> f64 {
        self.average(Setting::Far, back)
    }
    /// The distance that still counts as equal.
    pub(super) fn equal(&self, back: usize) -> f64 {
        self.average(Setting::Equal, back)
    }
}

/// Colours.
impl Window<'_> {
    /// 1 for white, -1 for black.
    pub(super) fn color(&self, back: usize) -> i32 {
        self.bar(back).color()
    }
    pub(super) fn white(&self, back: usize) -> bool {
        self.color(back) == 1
    }
    pub(super) fn black(&self, back: usize) -> bool {
        self.color(back) == -1
    }
    /// Whether all of these bars are white.
    pub(super) fn all_white<const N: usize>(&self, backs: [usize; N]) -> bool {
        self.all_color(1, backs)
    }
    /// Whether all of these bars are black.
    pub(super) fn all_black<const N: usize>(&self, backs: [usize; N]) -> bool {
        self.all_color(-1, backs)
    }
    /// Whether all of these bars are of this colour.
    pub(super) fn all_color<const N: usize>(&self, color: i32, backs: [usize; N]) -> bool {
        backs.iter().all(|back| self.color(*back) == color)
    }
    /// Whether two bars have different colours.
    pub(super) fn turns(&self, one: usize, other: usize) -> bool {
        self.color(one) != self.color(other)
    }
}

/// Bodies and shadows against their averages.
impl Window<'_> {
    pub(super) fn long(&self, back: usize) -> bool {
        self.body(back) > self.average(Setting::BodyLong, back)
    }
    pub(super) fn short(&self, back: usize) -> bool {
        self.body(back) < self.average(Setting::BodyShort, back)
    }
    /// Short, or exactly average.
    pub(super) fn small(&self, back: usize) -> bool {
        self.body(back) <= self.average(Setting::BodyShort, back)
    }
    /// Longer than short.
    pub(super) fn sizable(&self, back: usize) -> bool {
        self.body(back) > self.average(Setting::BodyShort, back)
    }
    pub(super) fn doji(&self, back: usize) -> bool {
        self.doji_as_of(back, back)
    }
    /// A doji by the average of another bar.
    pub(super) fn doji_as_of(&self, back: usize, average: usize) -> bool {
        self.body(back) <= self.average(Setting::BodyDoji, average)
    }
    pub(super) fn no_upper(&self, back: usize) -> bool {
        self.upper(back) < self.average(Setting::ShadowVeryShort, back)
    }
    pub(super) fn no_lower(&self, back: usize) -> bool {
        self.lower(back) < self.average(Setting::ShadowVeryShort, back)
    }
    /// Neither shadow to speak of.
    pub(super) fn bare(&self, back: usize) -> bool {
        self.no_upper(back) && self.no_lower(back)
    }
    pub(super) fn some_upper(&self, back: usize) -> bool {
        self.upper(back) > self.average(Setting::ShadowVeryShort, back)
    }
    pub(super) fn some_lower(&self, back: usize) -> bool {
        self.lower(back) > self.average(Setting::ShadowVeryShort, back)
    }
    pub(super) fn short_upper(&self, back: usize) -> bool {
        self.upper(back) < self.average(Setting::ShadowShort, back)
    }
    pub(super) fn short_lower(&self, back: usize) -> bool {
        self.lower(back) < self.average(Setting::ShadowShort, back)
    }
    /// More than a short upper shadow.
    pub(super) fn clear_upper(&self, back: usize) -> bool {
        self.upper(back) > self.average(Setting::ShadowShort, back)
    }
    pub(super) fn long_upper(&self, back: usize) -> bool {
        self.upper(back) > self.average(Setting::ShadowLong, back)
    }
    pub(super) fn long_lower(&self, back: usize) -> bool {
        self.lower(back) > self.average(Setting::ShadowLong, back)
    }
    pub(super) fn very_long_upper(&self, back: usize) -> bool {
        self.upper(back) > self.average(Setting::ShadowVeryLong, back)
    }
    pub(super) fn very_long_lower(&self, back: usize) -> bool {
        self.lower(back) > self.average(Setting::ShadowVeryLong, back)
    }
}

/// How two bars lie to each other.
impl Window<'_> {
    /// Whether the body of `one` lies wholly above that of `other`.
    pub(super) fn body_above(&self, one: usize, other: usize) -> bool {
        self.bottom(one) > self.top(other)
    }
    pub(super) fn body_below(&self, one: usize, other: usize) -> bool {
        self.top(one) < self.bottom(other)
    }
    /// The body of `one` lies beyond that of `other` in this direction, 1 up and -1 down.
    pub(super) fn body_beyond(&self, way: i32, one: usize, other: usize) -> bool {
        if way > 0 { self.body_above(one, other) } else { self.body_below(one, other) }
    }
    /// The same with the shadows: nothing of the two bars overlaps.
    pub(super) fn bar_beyond(&self, way: i32, one: usize, other: usize) -> bool {
        if way > 0 { self.low(one) > self.high(other) } else { self.high(one) < self.low(other) }
    }
    /// Whether the body of `inner` lies strictly within that of `outer`.
    pub(super) fn body_within(&self, inner: usize, outer: usize) -> bool {
        self.top(inner) < self.top(outer) && self.bottom(inner) > self.bottom(outer)
    }
    /// The same when ends may touch.
    pub(super) fn body_within_or_level(&self, inner: usize, outer: usize) -> bool {
        self.top(inner) <= self.top(outer) && self.bottom(inner) >= self.bottom(outer)
    }
    /// Whether the whole of `inner` lies strictly within the whole of `outer`.
    pub(super) fn bar_within(&self, inner: usize, outer: usize) -> bool {
        self.high(inner) < self.high(outer) && self.low(inner) > self.low(outer)
    }
    /// Both the high and the low of `one` lie beyond those of `other`.
    pub(super) fn extremes_beyond(&self, way: i32, one: usize, other: usize) -> bool {
        beyond(way, self.high(one), self.high(other)) && beyond(way, self.low(one), self.low(other))
    }
    /// Closes of bars 2, 1 and 0 go strictly in this direction.
    pub(super) fn closes_go(&self, way: i32) -> bool {
        beyond(way, self.close(1), self.close(2)) && beyond(way, self.close(0), self.close(1))
    }
    /// Opens within or near the body of the white bar before it.
    pub(super) fn opens_on_white(&self, back: usize) -> bool {
        let open = self.open(back);
        open > self.open(back + 1) && open <= self.close(back + 1) + self.near(back + 1)
    }
    /// Opens within the body of the black bar before it.
    pub(super) fn opens_in_black(&self, back: usize) -> bool {
        between(self.open(back), self.close(back + 1), self.open(back + 1))
    }
}

/// Whether a price lies beyond another in this direction, 1 up and -1 down.
pub(super) fn beyond(way: i32, price: f64, other: f64) -> bool {
    if way > 0 { price > other } else { price < other }
}

/// Strictly between the two.
pub(super) fn between(price: f64, low: f64, high: f64) -> bool {
    price > low && price < high
}

/// Not further from `middle` than `distance`.
pub(super) fn close_to(price: f64, middle: f64, distance: f64) -> bool {
    price <= middle + distance && price >= middle - distance
}
