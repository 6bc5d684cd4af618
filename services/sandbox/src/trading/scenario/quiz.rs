//! Names of patterns against what is there. In: visible bars and names. Out: right, wrong and missed ones. Must not know scenarios.

use super::action::Refusal;
use crate::trading::market::Bar;
use crate::trading::pattern::{self, Candle, Scanner};
use std::collections::BTreeSet;

type Judged = (Vec<String>, Vec<String>, Vec<String>);

/// Judges names for the last bar.
pub(super) fn judge(bars: &[Bar], names: Vec<String>) -> Result<Judged, Refusal> {
    if let Some(unknown) = names.iter().find(|name| pattern::named(name).is_none()) {
        // Cut: it goes back to its sender in a text for people.
        return Err(Refusal::NoPattern(unknown.chars().take(40).collect()));
    }
    let candles: Vec<Candle> = bars.iter().map(Bar::candle).collect();
    let scanner = Scanner::new(&candles);
    let at_last = |pattern: &&pattern::Pattern| scanner.answers(pattern).last().is_some_and(|answer| *answer != 0);
    let there: BTreeSet<String> = pattern::all().filter(at_last).map(|pattern| pattern.name.to_owned()).collect();
    let named: BTreeSet<String> = names.into_iter().collect();
    let list = |names: &mut dyn Iterator<Item = &String>| names.cloned().collect();
    Ok((
        list(&mut named.intersection(&there)),
        list(&mut named.difference(&there)),
        list(&mut there.difference(&named)),
    ))
}
