//! Scenarios: what they begin with, what may be done in them, and what becomes of an action. In come texts and numbers of a request; out go
//! checked wishes and actions, or what is wrong. Pure. Whether an action is possible in the market, the trading service says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decimal;
use rerp_kit::problem::Mistakes;

/// Decimal places of prices and quantities at the trading service.
const PRICE: i16 = 4;
/// Decimal places of amounts there.
const MONEY: i16 = 8;
/// Actions of a scenario, refused ones included.
pub const MOST_ACTIONS: i32 = 10_000;

/// The fewest bars of a scenario: one more than are visible at the start.
const LEAST_BARS: i32 = 31;
/// The fewest bars of one that is part of a test: thirty to look at, thirty to decide on.
pub const LEAST_BARS_OF_TEST: i32 = 60;
/// At how many of its bars something has to be decided, an order placed or patterns named: a market that was only let run proves nothing.
pub const LEAST_DECISIONS: i64 = 5;

/// Names of the kinds of scenarios, ours and the trading service's.
pub(crate) const TYPES: [&str; 3] = ["backtest", "live_simulation", "pattern_recognition"];

/// What fills cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// Millionths of what is traded.
    #[schemars(range(min = 0, max = u32::MAX))]
    pub rate_ppm: u32,
    /// For each fill, a decimal text.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]{1,8})?$"))]
    pub fixed: String,
}

/// What a scenario begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ScenarioConfig")]
pub struct Config {
    /// How many bars it has in the end.
    pub bars: i32,
    /// Cash to begin with, a decimal text; what is usual at the trading service if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash: Option<String>,
    /// What fills cost; nothing if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fees: Option<Fees>,
}

/// Checks what was typed; the type's name comes back. `of_test`: it is part of a session.
///
/// # Errors
/// Every mistake in it.
pub fn check(scenario_type: &str, config: Config, of_test: bool) -> Result<(&'static str, Config), Mistakes> {
    let mut mistakes = Mistakes::default();
    let name = TYPES.into_iter().find(|name| *name == scenario_type).unwrap_or_else(|| {
        mistakes.add("/scenario_type", "must be `backtest`, `live_simulation` or `pattern_recognition`");
        "backtest"
    });
    let least = if of_test { LEAST_BARS_OF_TEST } else { LEAST_BARS };
    mistakes.number("/bars", config.bars, least..=2_000);
    let amount = |text: &str| decimal::parse(text, MONEY).is_some_and(|amount| amount >= 0);
    if config.cash.as_deref().is_some_and(|text| !amount(text)) {
        mistakes.add("/cash", "must be a decimal text, not negative, with at most 8 places");
    }
    if config.fees.as_ref().is_some_and(|fees| !amount(&fees.fixed)) {
        mistakes.add("/fees/fixed", "must be a decimal text, not negative, with at most 8 places");
    }
    mistakes.finish((name, config))
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// More of the thing.
    Buy,
    /// Less of it.
    Sell,
}

/// The terms of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Which way.
    pub side: Side,
    /// How much, a decimal text.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]{1,4})?$"))]
    pub quantity: String,
    /// The worst price that will do, a decimal text; a market order without.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]{1,4})?$"))]
    pub limit: Option<String>,
}

/// Which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// Its number.
    #[schemars(range(min = 0, max = u32::MAX))]
    pub order: u32,
}

/// How far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// How many bars; one if left out.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 2_000))]
    pub bars: u32,
}

fn one() -> u32 {
    1
}

/// Which patterns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Their names; none if there are none.
    #[schemars(length(max = 100), inner(length(max = 40), regex(pattern = "^[!-~]*$")))]
    pub patterns: Vec<String>,
}

/// An action, as `{"order": {…}}`, `{"advance": {…}}` and so on: the trading service's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Place an order.
    Order(Order),
    /// Withdraw one.
    Cancel(Cancel),
    /// Let bars become visible.
    Advance(Advance),
    /// Name the patterns of the last visible bar.
    Name(Names),
}

impl Action {
    /// Checks what was typed, as far as it doesn't depend on the market.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn check(self) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let positive = |text: &str| decimal::parse(text, PRICE).is_some_and(|number| number > 0);
        match &self {
            Self::Order(order) => {
                if !positive(&order.quantity) {
                    mistakes.add("/action/order/quantity", "must be a positive decimal text with at most 4 places");
                }
                if order.limit.as_deref().is_some_and(|limit| !positive(limit)) {
                    mistakes.add("/action/order/limit", "must be a positive decimal text with at most 4 places");
                }
            }
            Self::Advance(advance) => {
                if !(1..=2_000).contains(&advance.bars) {
                    mistakes.add("/action/advance/bars", "must be 1 to 2000");
                }
            }
            Self::Name(names) => {
                if names.patterns.len() > 100 || names.patterns.iter().any(|name| !is_name(name)) {
                    mistakes.add(
                        "/action/name/patterns",
                        "must be at most 100 names of at most 40 letters, digits and signs",
                    );
                }
            }
            Self::Cancel(_) => {}
        }
        mistakes.finish(self)
    }
}

/// Whether a text could be the name of a pattern.
fn is_name(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What becomes of an action that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is written down, then sent.
    Write,
    /// It is written down already and has no outcome: it is sent again, which the trading service recognises.
    Resume,
    /// Another one has no outcome: that comes first, whatever became of it.
    SettleFirst,
    /// It is done already: this is a repetition of the request that did it.
    Repeat,
    /// Its sender doesn't know what has happened meanwhile.
    Gap,
}

/// Judges an action by the sequence number its sender expects. `open`: whether there is an action without outcome, and if, whether it is this
/// one. `is_done`: the same action with the same expectation has been done.
#[must_use]
pub fn step(present: i64, expected: i64, open: Option<bool>, is_done: bool) -> Step {
    match open {
        Some(true) => Step::Resume,
        Some(false) => Step::SettleFirst,
        None if expected == present => Step::Write,
        None if is_done => Step::Repeat,
        None => Step::Gap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_scenario_begins_with_has_bounds() {
        let config = |bars, cash: Option<&str>, fixed: Option<&str>| Config {
            bars,
            cash: cash.map(str::to_owned),
            fees: fixed.map(|fixed| Fees { rate_ppm: 5, fixed: fixed.to_owned() }),
        };
        let pointers = |kind, config| {
            let mistakes = check(kind, config, false).err().unwrap_or_default().0;
            mistakes.into_iter().map(|mistake| mistake.pointer).collect::<Vec<_>>()
        };
        assert!(pointers("backtest", config(31, None, None)).is_empty());
        assert!(pointers("live_simulation", config(2_000, Some("0.00000001"), Some("1.00"))).is_empty());
        assert_eq!(
            pointers("paper", config(30, Some("-1"), Some("1e3"))),
            ["/scenario_type", "/bars", "/cash", "/fees/fixed"]
        );
        for (bars, fits) in [(31, false), (59, false), (60, true), (2_000, true), (2_001, false)] {
            assert_eq!(check("backtest", config(bars, None, None), true).is_ok(), fits, "{bars}");
        }
    }

    #[test]
    fn actions_are_read_strictly() {
        let pointer = |action| {
            let action: Action = serde_json::from_value(action).unwrap();
            action.check().err().map(|mistakes| mistakes.0[0].pointer.clone())
        };
        assert_eq!(pointer(json!({ "advance": {} })), None);
        assert_eq!(pointer(json!({ "order": { "side": "buy", "quantity": "1.5", "limit": "0.01" } })), None);
        assert_eq!(pointer(json!({ "advance": { "bars": 0 } })).as_deref(), Some("/action/advance/bars"));
        for quantity in ["0", "-1", "1.23456", "1e3"] {
            let order = json!({ "order": { "side": "sell", "quantity": quantity } });
            assert_eq!(pointer(order).as_deref(), Some("/action/order/quantity"), "{quantity}");
        }
        for strange in [json!({ "jump": {} }), json!({ "order": { "side": "buy", "quantity": 1 } }), json!({})] {
            assert!(serde_json::from_value::<Action>(strange).is_err());
        }
    }

    #[test]
    fn an_action_is_done_once() {
        for (present, expected, open, is_done, judged) in [
            (5, 5, None, false, Step::Write),
            // The same again after it was refused: nothing had happened.
            (5, 5, Some(true), false, Step::Resume),
            (5, 5, Some(false), false, Step::SettleFirst),
            (5, 4, Some(false), true, Step::SettleFirst),
            (6, 5, None, true, Step::Repeat),
            (6, 5, None, false, Step::Gap),
            (6, 7, None, false, Step::Gap),
        ] {
            assert_eq!(step(present, expected, open, is_done), judged, "{present} {expected} {open:?} {is_done}");
        }
    }
}
