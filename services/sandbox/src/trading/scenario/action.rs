//! What may be done in a scenario. In: JSON. Out: typed actions, and refusals in words. Must not do anything.

use crate::trading::ledger::LedgerError;
use crate::trading::ledger::order::{Order, Side};
use crate::trading::ledger::units::{Price, Quantity};
use serde::Deserialize;
use thiserror::Error;

/// An action, as `{"order": {…}}`, `{"advance": {…}}` and so on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Place an order. It fills in the next bar at the earliest.
    Order(Place),
    /// Withdraw an order.
    Cancel(Cancel),
    /// Let bars become visible.
    Advance(Advance),
    /// Name the patterns of the last visible bar.
    Name(Names),
}

/// The terms of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Which way.
    pub side: Side,
    /// How much, positive.
    pub quantity: Quantity,
    /// The worst price that will do; a market order without.
    pub limit: Option<Price>,
}

impl Place {
    pub(super) fn terms(self) -> Order {
        Order { side: self.side, quantity: self.quantity, limit: self.limit }
    }
}

/// Which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// Its number.
    pub order: u32,
}

/// How far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// How many bars; one unless told.
    #[serde(default = "one")]
    pub bars: u32,
}

fn one() -> u32 {
    1
}

/// Which patterns.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Their names; none if there are none.
    pub patterns: Vec<String>,
}

/// Why an action, or a beginning, was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Somebody else has acted, or an action got lost.
    #[error("expected_seq is {expected}, the scenario is at {present}")]
    Sequence {
        /// What the caller expected.
        expected: u64,
        /// What is.
        present: u64,
    },
    /// The scenario is too short or too long.
    #[error("a scenario has {} to {} bars", super::SHORTEST, super::LONGEST)]
    Length,
    /// Every bar is visible.
    #[error("every bar of the scenario is visible already")]
    Over,
    /// Too many bars at once.
    #[error("this scenario can be advanced by 1 to {most} bars now")]
    TooFar {
        /// How many could be.
        most: u32,
    },
    /// The kind of the scenario has no such action, or has had it for this bar.
    #[error("this scenario does not take such an action, or has taken it for this bar")]
    NotInThisKind,
    /// The scenario has very many rows.
    #[error("the scenario has {} rows and can only be advanced", super::MOST_ROWS)]
    Full,
    /// No pattern has this name.
    #[error("no pattern is called {0:?}")]
    NoPattern(String),
    /// A bound of all scenarios together.
    #[error("{} scenarios are in use", super::shelf::MOST_SCENARIOS)]
    ShelfFull,
    /// What the ledger says.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
