//! Runs the table over bars. In: bars and a pattern. Out: its answer at every bar. Must not know any pattern.

use super::average::Averages;
use super::candle::Candle;
use super::row::{CONFIRM_WITHIN, Pattern};
use super::window::Window;

/// Looks for patterns in a sequence of bars; what several patterns need is computed once.
#[derive(Debug)]
pub struct Scanner<'a> {
    averages: Averages<'a>,
}

impl<'a> Scanner<'a> {
    /// Of these bars, oldest first.
    #[must_use]
    pub fn new(bars: &'a [Candle]) -> Self {
        Self { averages: Averages::of(bars) }
    }

    /// The answers, one for each bar: 0 where the pattern isn't there, else as the oracle's function says it (100, -100; 80, -80 for
    /// the weak form of some; 200, -200 where a hikkake is confirmed).
    #[must_use]
    pub fn answers(&self, pattern: &Pattern) -> Vec<i32> {
        let bars = self.averages.bars();
        let mut answers = vec![0; bars.len()];
        let mut waiting = None;
        for (at, answer) in answers.iter_mut().enumerate().skip(pattern.first_look()) {
            let window = Window::new(&self.averages, at, pattern.first_look());
            let mut found = pattern.at(&window);
            if pattern.confirmed {
                found = confirm(bars, at, found, &mut waiting);
            }
            if at >= pattern.first_answer() {
                *answer = found;
            }
        }
        answers
    }
}

/// A pattern that waits for its confirmation.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    at: usize,
    answer: i32,
}

/// A new find replaces the one that waits. Without one, a close beyond the bar before the find's last one, within three bars, confirms
/// it with twice its answer.
fn confirm(bars: &[Candle], at: usize, found: i32, waiting: &mut Option<Waiting>) -> i32 {
    if found != 0 {
        *waiting = Some(Waiting { at, answer: found });
        return found;
    }
    let Some(find) = waiting.filter(|find| at <= find.at + CONFIRM_WITHIN) else { return 0 };
    let (inner, close) = (&bars[find.at - 1], bars[at].close);
    let beyond = if find.answer > 0 { close > inner.high } else { close < inner.low };
    if !beyond {
        return 0;
    }
    *waiting = None;
    2 * find.answer
}
