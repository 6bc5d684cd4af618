//! What a row of the table of patterns is made of. In: a window. Out: the pattern's answer there. Must not know which patterns there are.

use super::average::Setting;
use super::window::Window;

/// A candlestick pattern.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    /// Its name, that of the oracle's function.
    pub name: &'static str,
    /// How many bars before the last one belong to it.
    pub before: usize,
    /// The averages it asks for; the longest one decides where its first answer can be.
    pub averages: &'static [Setting],
    /// Whether it is there.
    pub holds: fn(&Window<'_>) -> bool,
    /// What it says when it is.
    pub answer: Answer,
    /// Whether later bars can confirm it.
    pub confirmed: bool,
}

/// What a pattern says. 100 is bullish, -100 bearish.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// Always 100.
    Up,
    /// Always -100.
    Down,
    /// As the colour of that bar.
    As(usize),
    /// The opposite of the colour of that bar.
    Against(usize),
    /// By a rule of its own.
    By(fn(&Window<'_>) -> i32),
}

/// Bars after a pattern within which it may be confirmed.
pub(super) const CONFIRM_WITHIN: usize = 3;

impl Pattern {
    /// A row of the table.
    pub(super) const fn row(
        name: &'static str,
        before: usize,
        averages: &'static [Setting],
        answer: Answer,
        holds: fn(&Window<'_>) -> bool,
    ) -> Self {
        Self { name, before, averages, holds, answer, confirmed: false }
    }

    /// The same, but later bars can confirm it.
    pub(super) const fn confirmable(self) -> Self {
        Self { confirmed: true, ..self }
    }

    /// The first bar at which it is looked for.
    pub(super) fn first_look(&self) -> usize {
        self.before + self.averages.iter().map(|setting| setting.period()).max().unwrap_or_default()
    }

    /// The first bar at which it can answer: after what could still be confirmed has been looked at.
    #[must_use]
    pub fn first_answer(&self) -> usize {
        self.first_look() + if self.confirmed { CONFIRM_WITHIN } else { 0 }
    }

    /// The answer at one place; 0 when the pattern isn't there.
    pub(super) fn at(&self, window: &Window<'_>) -> i32 {
        if !(self.holds)(window) {
            return 0;
        }
        match self.answer {
            Answer::Up => 100,
            Answer::Down => -100,
            Answer::As(back) => 100 * window.color(back),
            Answer::Against(back) => -100 * window.color(back),
            Answer::By(rule) => rule(window),
        }
    }
}
