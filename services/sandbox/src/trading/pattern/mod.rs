//! Candlestick patterns. In: bars as floating-point numbers. Out: for each pattern and bar 0, 100, -100 and the like. Must not do IO.
//!
//! | room | holds |
//! |---|---|
//! | [`candle`] | one bar and its measures |
//! | [`average`] | what long, short, near mean, from the bars before |
//! | [`window`] | the words the table is written in |
//! | [`row`] | what a row of the table is |
//! | `one`, `two`, `three`, `run` | the table: 61 rows |
//! | [`scan`] | runs rows over bars |
//!
//! The answers equal those of TA-Lib's 61 `CDL…` functions with their default settings, to the bit (`tests/patterns.rs`).

pub mod average;
pub mod candle;
mod one;
pub mod row;
mod run;
pub mod scan;
mod three;
mod two;
pub mod window;

pub use candle::Candle;
pub use row::Pattern;
pub use scan::Scanner;

/// Every pattern. The order is that of the rooms.
pub fn all() -> impl Iterator<Item = &'static Pattern> {
    static ROOMS: [&[Pattern]; 4] = [&one::ROWS, &two::ROWS, &three::ROWS, &run::ROWS];
    ROOMS.iter().copied().flatten()
}

/// The pattern of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Pattern> {
    all().find(|pattern| pattern.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_61_patterns_with_names_of_their_own() {
        let names: BTreeSet<&str> = all().map(|pattern| pattern.name).collect();
        assert_eq!((names.len(), all().count()), (61, 61));
        assert!(named("CDLDOJI").is_some() && named("CDLNONE").is_none());
    }

    #[test]
    fn a_few_bars_have_no_answers() {
        let bar = Candle { open: 1.0, high: 2.0, low: 0.5, close: 1.5 };
        for count in 0..16 {
            let bars = vec![bar; count];
            let scanner = Scanner::new(&bars);
            assert!(all().all(|pattern| scanner.answers(pattern).len() == count));
        }
    }
}
