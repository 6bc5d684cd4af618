//! The patterns of two bars. In: nothing. Out: rows. Must not compute: words are in `window.rs`.

use super::average::Setting::{BodyDoji, BodyLong, BodyShort, Equal, ShadowVeryShort};
use super::one::opens_at_its_end;
use super::row::Answer::{Against, As, By, Down, Up};
use super::row::Pattern;
use super::window::{Window, close_to};

/// How much of the body before has to be covered.
const PENETRATION: f64 = 0.5;

/// The rows.
pub(super) const ROWS: [Pattern; 15] = [
    Pattern::row("CDLCOUNTERATTACK", 1, &[Equal, BodyLong], As(0), |w| {
        w.turns(1, 0) && w.long(1) && w.long(0) && close_to(w.close(0), w.close(1), w.equal(1))
    }),
    Pattern::row("CDLDARKCLOUDCOVER", 1, &[BodyLong], Down, |w| {
        let covers = w.close(0) > w.open(1) && w.close(0) < w.close(1) - w.body(1) * PENETRATION;
        w.white(1) && w.long(1) && w.black(0) && w.open(0) > w.high(1) && covers
    }),
    Pattern::row("CDLDOJISTAR", 1, &[BodyDoji, BodyLong], Against(1), |w| {
        w.long(1) && w.doji(0) && w.body_beyond(w.color(1), 0, 1)
    }),
    Pattern::row("CDLENGULFING", 2, &[], By(|w| if ends_meet(w) { 80 } else { 100 } * w.color(0)), |w| {
        let strictly = w.top(0) > w.top(1) || w.bottom(0) < w.bottom(1);
        w.turns(1, 0) && w.body_within_or_level(1, 0) && strictly
    }),
    Pattern::row("CDLHARAMI", 1, &[BodyShort, BodyLong], By(pregnant), |w| {
        w.long(1) && w.small(0) && w.body_within_or_level(0, 1)
    }),
    Pattern::row("CDLHARAMICROSS", 1, &[BodyDoji, BodyLong], By(pregnant), |w| {
        w.long(1) && w.doji(0) && w.body_within_or_level(0, 1)
    }),
    Pattern::row("CDLHOMINGPIGEON", 1, &[BodyShort, BodyLong], Up, |w| {
        w.all_black([1, 0]) && w.long(1) && w.small(0) && w.body_within(0, 1)
    }),
    Pattern::row("CDLINNECK", 1, &[Equal, BodyLong], Down, |w| {
        falls_and_recovers(w) && w.close(0) <= w.close(1) + w.equal(1) && w.close(0) >= w.close(1)
    }),
    Pattern::row("CDLKICKING", 1, &[ShadowVeryShort, BodyLong], As(0), kicks),
    Pattern::row("CDLKICKINGBYLENGTH", 1, &[ShadowVeryShort, BodyLong], By(|w| 100 * w.color(longer(w))), kicks),
    Pattern::row("CDLMATCHINGLOW", 1, &[Equal], Up, |w| {
        w.all_black([1, 0]) && close_to(w.close(0), w.close(1), w.equal(1))
    }),
    Pattern::row("CDLONNECK", 1, &[Equal, BodyLong], Down, |w| {
        falls_and_recovers(w) && close_to(w.close(0), w.low(1), w.equal(1))
    }),
    Pattern::row("CDLPIERCING", 1, &[BodyLong], Up, |w| {
        let covers = w.close(0) < w.open(1) && w.close(0) > w.close(1) + w.body(1) * PENETRATION;
        falls_and_recovers(w) && w.long(0) && covers
    }),
    Pattern::row("CDLSEPARATINGLINES", 1, &[ShadowVeryShort, BodyLong, Equal], As(0), |w| {
        w.turns(1, 0) && close_to(w.open(0), w.open(1), w.equal(1)) && w.long(0) && opens_at_its_end(w)
    }),
    Pattern::row("CDLTHRUSTING", 1, &[Equal, BodyLong], Down, |w| {
        let thrusts = w.close(0) > w.close(1) + w.equal(1) && w.close(0) <= w.close(1) + w.body(1) * PENETRATION;
        falls_and_recovers(w) && thrusts
    }),
];

/// One end of the last body is that of the body it engulfs: the weaker answer.
fn ends_meet(w: &Window<'_>) -> bool {
    w.open(0) == w.close(1) || w.close(0) == w.open(1)
}

/// The answer of both harami: weaker when the ends of the bodies touch.
fn pregnant(w: &Window<'_>) -> i32 {
    if w.body_within(0, 1) { -100 * w.color(1) } else { -80 * w.color(1) }
}

/// A long black bar, then a white one that opens under its low.
fn falls_and_recovers(w: &Window<'_>) -> bool {
    w.black(1) && w.long(1) && w.white(0) && w.open(0) < w.low(1)
}

/// Two long bars without shadows, apart from each other, the second one away from the first one's colour.
fn kicks(w: &Window<'_>) -> bool {
    w.turns(1, 0) && w.long(1) && w.bare(1) && w.long(0) && w.bare(0) && w.bar_beyond(w.color(0), 0, 1)
}

fn longer(w: &Window<'_>) -> usize {
    if w.body(0) > w.body(1) { 0 } else { 1 }
}
