//! The patterns of three or more bars that go one way. In: nothing. Out: rows. Must not compute: words are in `window.rs`.

use super::average::Setting::{BodyLong, BodyShort, Equal, Far, Near, ShadowLong, ShadowShort, ShadowVeryShort};
use super::row::Answer::{As, By, Down, Up};
use super::row::Pattern;
use super::window::{Window, beyond, close_to};

/// How far a pause may go back into the body before it, in the mat.
const PENETRATION: f64 = 0.5;

/// The rows.
pub(super) const ROWS: [Pattern; 14] = [
    Pattern::row("CDL3BLACKCROWS", 3, &[ShadowVeryShort], Down, |w| {
        let crows = [2, 1, 0].iter().all(|back| w.black(*back) && w.no_lower(*back));
        let walk = w.opens_in_black(1) && w.opens_in_black(0) && w.closes_go(-1);
        w.white(3) && crows && walk && w.high(3) > w.close(2)
    }),
    Pattern::row("CDL3LINESTRIKE", 3, &[Near], As(1), |w| {
        let way = w.color(1);
        let three = w.color(3) == way && w.color(2) == way && w.color(0) == -way;
        let strike = beyond(way, w.open(0), w.close(1)) && beyond(-way, w.close(0), w.open(3));
        let go = beyond(way, w.close(1), w.close(2)) && beyond(way, w.close(2), w.close(3));
        three && opens_about(w, 2) && opens_about(w, 1) && go && strike
    }),
    Pattern::row("CDL3STARSINSOUTH", 2, &[ShadowVeryShort, ShadowLong, BodyLong, BodyShort], Up, |w| {
        let first = w.long(2) && w.long_lower(2);
        let opens_higher = w.open(1) > w.close(2) && w.open(1) <= w.high(2);
        let second = w.body(1) < w.body(2) && w.low(1) < w.close(2) && w.low(1) >= w.low(2) && w.some_lower(1);
        let third = w.short(0) && w.bare(0) && w.bar_within(0, 1);
        w.all_black([2, 1, 0]) && first && opens_higher && second && third
    }),
    Pattern::row("CDL3WHITESOLDIERS", 2, &[ShadowVeryShort, BodyShort, Far, Near], Up, |w| {
        let bare_tops = w.no_upper(2) && w.no_upper(1) && w.no_upper(0);
        let keep_length = w.body(1) > w.body(2) - w.far(2) && w.body(0) > w.body(1) - w.far(1);
        climbs(w) && w.opens_on_white(0) && bare_tops && keep_length && w.sizable(0)
    }),
    Pattern::row("CDLADVANCEBLOCK", 2, &[ShadowLong, ShadowShort, Far, Near, BodyLong], Down, |w| {
        climbs(w) && w.opens_on_white(0) && w.long(2) && w.short_upper(2) && weakens(w)
    }),
    Pattern::row("CDLBREAKAWAY", 4, &[BodyLong], As(0), |w| {
        let way = w.color(4);
        let colors = w.color(3) == way && w.color(1) == way && w.color(0) == -way;
        let go = w.body_beyond(way, 3, 4) && w.extremes_beyond(way, 2, 3) && w.extremes_beyond(way, 1, 2);
        let closes_in_gap = beyond(-way, w.close(0), w.open(3)) && beyond(way, w.close(0), w.close(4));
        w.long(4) && colors && go && closes_in_gap
    }),
    Pattern::row("CDLCONCEALBABYSWALL", 3, &[ShadowVeryShort], Up, |w| {
        let swallowed = w.some_upper(1) && w.high(1) > w.close(2) && w.high(0) > w.high(1) && w.low(0) < w.low(1);
        w.all_black([3, 2, 1, 0]) && w.bare(3) && w.bare(2) && w.body_below(1, 2) && swallowed
    }),
    Pattern::row("CDLHIKKAKE", 2, &[], By(hikkake), |w| w.bar_within(1, 2) && hikkake(w) != 0).confirmable(),
    // Its fourth bar back is only compared: it lies within those that the average has seen.
    Pattern::row("CDLHIKKAKEMOD", 2, &[Near], By(hikkake), |w| {
        let near_low = w.close(2) <= w.low(2) + w.near(2);
        let near_high = w.close(2) >= w.high(2) - w.near(2);
        let closes_at_end = match hikkake(w) {
            100 => near_low,
            -100 => near_high,
            _ => false,
        };
        w.bar_within(2, 3) && w.bar_within(1, 2) && closes_at_end
    })
    .confirmable(),
    Pattern::row("CDLIDENTICAL3CROWS", 2, &[ShadowVeryShort, Equal], Down, |w| {
        let crows = [2, 1, 0].iter().all(|back| w.black(*back) && w.no_lower(*back));
        let identical = close_to(w.open(1), w.close(2), w.equal(2)) && close_to(w.open(0), w.close(1), w.equal(1));
        crows && w.closes_go(-1) && identical
    }),
    Pattern::row("CDLLADDERBOTTOM", 4, &[ShadowVeryShort], Up, |w| {
        let steps =
            w.open(4) > w.open(3) && w.open(3) > w.open(2) && w.close(4) > w.close(3) && w.close(3) > w.close(2);
        let climbs_off = w.white(0) && w.open(0) > w.open(1) && w.close(0) > w.high(1);
        w.all_black([4, 3, 2, 1]) && steps && w.some_upper(1) && climbs_off
    }),
    Pattern::row("CDLMATHOLD", 4, &[BodyShort, BodyLong], Up, |w| {
        let shapes = w.long(4) && w.short(3) && w.short(2) && w.short(1) && w.white(4) && w.black(3) && w.white(0);
        let floor = w.close(4) - w.body(4) * PENETRATION;
        let holds = [2, 1].iter().all(|back| w.bottom(*back) < w.close(4) && w.bottom(*back) > floor);
        let sinks = w.top(2) < w.open(3) && w.top(1) < w.top(2);
        let breaks_out = w.open(0) > w.close(1) && [3, 2, 1].iter().all(|back| w.close(0) > w.high(*back));
        shapes && w.body_above(3, 4) && holds && sinks && breaks_out
    }),
    Pattern::row("CDLRISEFALL3METHODS", 4, &[BodyShort, BodyLong], As(4), |w| {
        let way = w.color(4);
        let colors = w.all_color(-way, [3, 2, 1]) && w.color(0) == way;
        let sizes = w.long(4) && w.short(3) && w.short(2) && w.short(1) && w.long(0);
        let inside = [3, 2, 1].iter().all(|back| w.bottom(*back) < w.high(4) && w.top(*back) > w.low(4));
        let pause = beyond(-way, w.close(2), w.close(3)) && beyond(-way, w.close(1), w.close(2));
        sizes && colors && inside && pause && beyond(way, w.open(0), w.close(1)) && beyond(way, w.close(0), w.close(4))
    }),
    Pattern::row("CDLSTALLEDPATTERN", 2, &[BodyLong, BodyShort, ShadowVeryShort, Near], Down, |w| {
        let stalls = w.short(0) && w.open(0) >= w.close(1) - w.body(0) - w.near(1);
        climbs(w) && w.long(2) && w.long(1) && w.no_upper(1) && stalls
    }),
];

/// Opens at the body of the bar before it, or near.
fn opens_about(w: &Window<'_>, back: usize) -> bool {
    let (open, near) = (w.open(back), w.near(back + 1));
    open >= w.bottom(back + 1) - near && open <= w.top(back + 1) + near
}

/// Three white bars with rising closes, the second one opening on the first.
fn climbs(w: &Window<'_>) -> bool {
    w.all_white([2, 1, 0]) && w.closes_go(1) && w.opens_on_white(1)
}

/// Any of the ways in which three rising bars show weakness: shrinking bodies, or shadows above.
fn weakens(w: &Window<'_>) -> bool {
    let shrinks = w.body(0) < w.body(1);
    (w.body(1) < w.body(2) - w.far(2) && w.body(0) < w.body(1) + w.near(1))
        || w.body(0) < w.body(1) - w.far(1)
        || (shrinks && w.body(1) < w.body(2) && (w.clear_upper(0) || w.clear_upper(1)))
        || (shrinks && w.long_upper(0))
}

/// A bar that leaves the one before it on one side: downwards the trick is bullish.
fn hikkake(w: &Window<'_>) -> i32 {
    match (w.extremes_beyond(-1, 0, 1), w.extremes_beyond(1, 0, 1)) {
        (true, _) => 100,
        (_, true) => -100,
        _ => 0,
    }
}
