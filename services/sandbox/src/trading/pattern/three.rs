//! The patterns of three bars that turn or interrupt a trend. In: nothing. Out: rows. Must not compute: words are in `window.rs`.

use super::average::Setting::{BodyDoji, BodyLong, BodyShort, Equal, Near};
use super::row::Answer::{Against, As, By, Down, Up};
use super::row::Pattern;
use super::window::{Window, between, beyond, close_to};

/// How far the last bar has to go into the body of the first one, in the stars.
const PENETRATION: f64 = 0.3;

/// The rows.
pub(super) const ROWS: [Pattern; 15] = [
    Pattern::row("CDL2CROWS", 2, &[BodyLong], Down, |w| {
        let fills_the_gap = w.open(0) < w.open(1) && w.open(0) > w.close(1) && w.close(0) > w.open(2);
        w.white(2) && w.long(2) && w.all_black([1, 0]) && w.body_above(1, 2) && fills_the_gap && w.close(0) < w.close(2)
    }),
    Pattern::row("CDL3INSIDE", 2, &[BodyShort, BodyLong], Against(2), |w| {
        let confirms = w.turns(2, 0) && beyond(w.color(0), w.close(0), w.open(2));
        w.long(2) && w.small(1) && w.body_within(1, 2) && confirms
    }),
    Pattern::row("CDL3OUTSIDE", 3, &[], As(1), |w| {
        let way = w.color(1);
        let engulfs = beyond(way, w.close(1), w.open(2)) && beyond(-way, w.open(1), w.close(2));
        w.turns(2, 1) && engulfs && beyond(way, w.close(0), w.close(1))
    }),
    Pattern::row("CDLABANDONEDBABY", 2, &[BodyDoji, BodyLong, BodyShort], As(0), |w| {
        let alone = w.bar_beyond(w.color(2), 1, 2) && w.bar_beyond(w.color(0), 0, 1);
        w.long(2) && w.doji(1) && w.sizable(0) && w.turns(2, 0) && penetrates(w) && alone
    }),
    Pattern::row("CDLEVENINGDOJISTAR", 2, &[BodyDoji, BodyLong, BodyShort], Down, |w| w.doji(1) && star(w, 1)),
    Pattern::row("CDLEVENINGSTAR", 2, &[BodyShort, BodyLong], Down, |w| w.small(1) && star(w, 1)),
    Pattern::row("CDLGAPSIDESIDEWHITE", 2, &[Near, Equal], By(|w| if w.body_above(1, 2) { 100 } else { -100 }), |w| {
        let gap = (w.body_above(1, 2) && w.body_above(0, 2)) || (w.body_below(1, 2) && w.body_below(0, 2));
        let alike = close_to(w.body(0), w.body(1), w.near(1)) && close_to(w.open(0), w.open(1), w.equal(1));
        gap && w.all_white([1, 0]) && alike
    }),
    Pattern::row("CDLMORNINGDOJISTAR", 2, &[BodyDoji, BodyLong, BodyShort], Up, |w| w.doji(1) && star(w, -1)),
    Pattern::row("CDLMORNINGSTAR", 2, &[BodyShort, BodyLong], Up, |w| w.small(1) && star(w, -1)),
    Pattern::row("CDLSTICKSANDWICH", 2, &[Equal], Up, |w| {
        w.all_black([2, 0]) && w.white(1) && w.low(1) > w.close(2) && close_to(w.close(0), w.close(2), w.equal(2))
    }),
    Pattern::row("CDLTASUKIGAP", 2, &[Near], As(1), |w| {
        let way = w.color(1);
        let opens_inside = beyond(-way, w.open(0), w.close(1)) && beyond(way, w.open(0), w.open(1));
        let end = if way > 0 { w.top(2) } else { w.bottom(2) };
        let stays_in_gap = beyond(-way, w.close(0), w.open(1)) && beyond(way, w.close(0), end);
        let alike = (w.body(1) - w.body(0)).abs() < w.near(1);
        w.body_beyond(way, 1, 2) && w.turns(1, 0) && opens_inside && stays_in_gap && alike
    }),
    Pattern::row("CDLTRISTAR", 2, &[BodyDoji], By(tristar), |w| {
        // All three by the average of the first one.
        w.doji(2) && w.doji_as_of(1, 2) && w.doji_as_of(0, 2) && tristar(w) != 0
    }),
    Pattern::row("CDLUNIQUE3RIVER", 2, &[BodyShort, BodyLong], Up, |w| {
        let rests_inside = w.close(1) > w.close(2) && w.open(1) <= w.open(2) && w.low(1) < w.low(2);
        let river = w.short(0) && w.white(0) && w.open(0) > w.low(1);
        w.long(2) && w.all_black([2, 1]) && rests_inside && river
    }),
    Pattern::row("CDLUPSIDEGAP2CROWS", 2, &[BodyShort, BodyLong], Down, |w| {
        let engulfs = w.open(0) > w.open(1) && w.close(0) < w.close(1) && w.close(0) > w.close(2);
        w.white(2) && w.long(2) && w.all_black([1, 0]) && w.small(1) && w.body_above(1, 2) && engulfs
    }),
    Pattern::row("CDLXSIDEGAP3METHODS", 2, &[], As(2), |w| {
        let opens_inside = between(w.open(0), w.bottom(1), w.top(1));
        let closes_inside = between(w.close(0), w.bottom(2), w.top(2));
        let gap = w.body_beyond(w.color(2), 1, 2);
        !w.turns(2, 1) && w.turns(1, 0) && opens_inside && closes_inside && gap
    }),
];

/// The last bar closes well within the first one's body, away from its end.
fn penetrates(w: &Window<'_>) -> bool {
    let depth = w.body(2) * PENETRATION;
    if w.white(2) { w.close(0) < w.close(2) - depth } else { w.close(0) > w.close(2) + depth }
}

/// A long bar in direction `way`, a second one beyond its end, a third one back into the first.
fn star(w: &Window<'_>, way: i32) -> bool {
    let shape = w.color(2) == way && w.color(0) == -way && w.body_beyond(way, 1, 2);
    shape && w.long(2) && w.sizable(0) && penetrates(w)
}

/// The middle doji apart from the first one and not reached by the last one; above is bearish.
fn tristar(w: &Window<'_>) -> i32 {
    if w.body_below(1, 2) && w.bottom(0) > w.bottom(1) {
        100
    } else if w.body_above(1, 2) && w.top(0) < w.top(1) {
        -100
    } else {
        0
    }
}
