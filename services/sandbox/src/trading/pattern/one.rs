//! The patterns of a single bar, with at most a glance at its predecessor. In: nothing. Out: rows. Must not compute: words are in `window.rs`.

use super::average::Setting::{
    BodyDoji, BodyLong, BodyShort, Near, ShadowLong, ShadowShort, ShadowVeryLong, ShadowVeryShort,
};
use super::row::Answer::{As, Down, Up};
use super::row::Pattern;
use super::window::Window;

/// The rows.
pub(super) const ROWS: [Pattern; 17] = [
    Pattern::row("CDLBELTHOLD", 0, &[BodyLong, ShadowVeryShort], As(0), |w| w.long(0) && opens_at_its_end(w)),
    Pattern::row("CDLCLOSINGMARUBOZU", 0, &[BodyLong, ShadowVeryShort], As(0), |w| {
        w.long(0) && if w.white(0) { w.no_upper(0) } else { w.no_lower(0) }
    }),
    Pattern::row("CDLDOJI", 0, &[BodyDoji], Up, |w| w.doji(0)),
    Pattern::row("CDLDRAGONFLYDOJI", 0, &[BodyDoji, ShadowVeryShort], Up, |w| {
        w.doji(0) && w.no_upper(0) && w.some_lower(0)
    }),
    Pattern::row("CDLGRAVESTONEDOJI", 0, &[BodyDoji, ShadowVeryShort], Up, |w| {
        w.doji(0) && w.no_lower(0) && w.some_upper(0)
    }),
    Pattern::row("CDLHAMMER", 1, &[BodyShort, ShadowLong, ShadowVeryShort, Near], Up, |w| {
        hammer(w) && w.bottom(0) <= w.low(1) + w.near(1)
    }),
    Pattern::row("CDLHANGINGMAN", 1, &[BodyShort, ShadowLong, ShadowVeryShort, Near], Down, |w| {
        hammer(w) && w.bottom(0) >= w.high(1) - w.near(1)
    }),
    Pattern::row("CDLHIGHWAVE", 0, &[BodyShort, ShadowVeryLong], As(0), |w| {
        w.short(0) && w.very_long_upper(0) && w.very_long_lower(0)
    }),
    Pattern::row("CDLINVERTEDHAMMER", 1, &[BodyShort, ShadowLong, ShadowVeryShort], Up, |w| {
        upside_down_hammer(w) && w.body_below(0, 1)
    }),
    Pattern::row("CDLLONGLEGGEDDOJI", 0, &[BodyDoji, ShadowLong], Up, |w| {
        w.doji(0) && (w.long_lower(0) || w.long_upper(0))
    }),
    Pattern::row("CDLLONGLINE", 0, &[BodyLong, ShadowShort], As(0), |w| {
        w.long(0) && w.short_upper(0) && w.short_lower(0)
    }),
    Pattern::row("CDLMARUBOZU", 0, &[BodyLong, ShadowVeryShort], As(0), |w| w.long(0) && w.bare(0)),
    Pattern::row("CDLRICKSHAWMAN", 0, &[BodyDoji, ShadowLong, Near], Up, |w| {
        let middle = w.low(0) + w.range(0) / 2.0;
        let in_the_middle = w.bottom(0) <= middle + w.near(0) && w.top(0) >= middle - w.near(0);
        w.doji(0) && w.long_lower(0) && w.long_upper(0) && in_the_middle
    }),
    Pattern::row("CDLSHOOTINGSTAR", 1, &[BodyShort, ShadowLong, ShadowVeryShort], Down, |w| {
        upside_down_hammer(w) && w.body_above(0, 1)
    }),
    Pattern::row("CDLSHORTLINE", 0, &[BodyShort, ShadowShort], As(0), |w| {
        w.short(0) && w.short_upper(0) && w.short_lower(0)
    }),
    Pattern::row("CDLSPINNINGTOP", 0, &[BodyShort], As(0), |w| {
        w.short(0) && w.upper(0) > w.body(0) && w.lower(0) > w.body(0)
    }),
    Pattern::row("CDLTAKURI", 0, &[BodyDoji, ShadowVeryShort, ShadowVeryLong], Up, |w| {
        w.doji(0) && w.no_upper(0) && w.very_long_lower(0)
    }),
];

fn hammer(w: &Window<'_>) -> bool {
    w.short(0) && w.long_lower(0) && w.no_upper(0)
}

fn upside_down_hammer(w: &Window<'_>) -> bool {
    w.short(0) && w.long_upper(0) && w.no_lower(0)
}

/// No shadow on the side it opens at. Two-bar rows use it too.
pub(super) fn opens_at_its_end(w: &Window<'_>) -> bool {
    if w.white(0) { w.no_lower(0) } else { w.no_upper(0) }
}
