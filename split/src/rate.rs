//! How fast a figure grows, from what it was at a few moments.
//!
//! In: moments and what the figure was. Out: its growth per second over the last while. Pure: whoever looks brings the time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a figure was during the last `window`.
#[derive(Debug)]
pub struct Series {
    window: Duration,
    spacing: Duration,
    seen: VecDeque<(Instant, u64)>,
}

impl Series {
    /// Remembers `window`; what comes less than `spacing` after the last figure is passed over, however often somebody looks.
    #[must_use]
    pub fn new(window: Duration, spacing: Duration) -> Self {
        Self { window, spacing, seen: VecDeque::new() }
    }

    /// The figure at a moment. A clock that stands still, or goes back, tells nothing.
    pub fn push(&mut self, at: Instant, figure: u64) {
        if let Some((last, _)) = self.seen.back()
            && (at <= *last || at.duration_since(*last) < self.spacing)
        {
            return;
        }
        self.seen.push_back((at, figure));
        // Two stay, however old: between them there is a rate.
        while self.seen.len() > 2 && self.seen.front().is_some_and(|(first, _)| at.duration_since(*first) > self.window)
        {
            self.seen.pop_front();
        }
    }

    /// Growth per second over the window, negative where it has become less; none before there are two figures.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        Some(between(*self.seen.front()?, *self.seen.back()?)).filter(|_| self.seen.len() > 1)
    }

    /// Growth per second between the last two figures.
    #[must_use]
    pub fn last_rate(&self) -> Option<f64> {
        let before = self.seen.len().checked_sub(2)?;
        Some(between(self.seen[before], *self.seen.back()?))
    }

    /// From the first figure that is remembered to the last.
    #[must_use]
    pub fn span(&self) -> Duration {
        let ends = self.seen.front().zip(self.seen.back());
        ends.map_or(Duration::ZERO, |((first, _), (last, _))| last.duration_since(*first))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.seen.clear();
    }
}

/// Times differ: `push` sees to it.
fn between((from, less): (Instant, u64), (to, more): (Instant, u64)) -> f64 {
    (more as f64 - less as f64) / to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(figures: &[(u64, u64)]) -> Series {
        let begin = Instant::now();
        let mut series = Series::new(Duration::from_secs(60), Duration::ZERO);
        figures.iter().for_each(|(second, figure)| series.push(begin + Duration::from_secs(*second), *figure));
        series
    }

    #[test]
    fn a_rate_needs_two_figures_and_spans_the_window() {
        assert_eq!((series(&[]).rate(), series(&[(0, 5)]).rate(), series(&[(0, 5)]).last_rate()), (None, None, None));
        let one = series(&[(0, 0), (10, 100), (20, 400)]);
        assert_eq!((one.rate(), one.last_rate()), (Some(20.0), Some(30.0)));
        let long = series(&[(0, 1_000_000), (100, 0), (150, 500), (160, 600)]);
        assert_eq!(long.rate(), Some(10.0), "what is older than the window is forgotten");
        assert_eq!(series(&[(0, 0), (1000, 1000)]).rate(), Some(1.0), "two stay");
    }

    #[test]
    fn hostile_figures_and_clocks_make_no_rate_that_is_none() {
        let still = series(&[(5, 1), (5, 100), (4, 100)]);
        assert_eq!(still.rate(), None, "a clock that stands still");
        let fall = series(&[(0, u64::MAX), (1, 0)]);
        assert!(fall.rate().is_some_and(|rate| rate < 0.0 && rate.is_finite()));
        let rise = series(&[(0, 0), (1, u64::MAX)]);
        assert!(rise.rate().is_some_and(f64::is_finite));
        assert_eq!((still.span(), rise.span()), (Duration::ZERO, Duration::from_secs(1)));
    }

    #[test]
    fn whoever_looks_too_often_changes_nothing() {
        let begin = Instant::now();
        let mut series = Series::new(Duration::from_secs(60), Duration::from_millis(500));
        for step in 0..1000 {
            series.push(begin + Duration::from_millis(step), step);
        }
        assert_eq!((series.seen.len(), series.rate()), (2, Some(1000.0)));
        series.clear();
        assert_eq!(series.rate(), None);
    }
}
