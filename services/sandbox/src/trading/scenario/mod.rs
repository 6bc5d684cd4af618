//! One run through a market, bar by bar. In: a seed, then actions. Out: rows, the bars that have become visible, results.
//! Must not reveal a bar before its time: a bar that isn't visible yet does not exist yet, not even in memory.
//!
//! | room | holds |
//! |---|---|
//! | [`action`] | what may be done, and why it was refused |
//! | [`quiz`] | names of patterns against what is there |
//! | [`shelf`] | all scenarios, within bounds |

pub mod action;
mod quiz;
pub mod shelf;

use super::ledger::row::{Fees, Row};
use super::ledger::units::Money;
use super::ledger::{Ledger, LedgerError, Results};
use super::market::{Bar, Market};
use action::{Action, Refusal};
use serde::{Deserialize, Serialize};

/// What a scenario is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Orders; any number of bars at once.
    Backtest,
    /// Orders; one bar at a time.
    LiveSimulation,
    /// No orders: patterns are named; one bar at a time.
    PatternRecognition,
}

/// What a scenario begins with.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// Names the market. It is never given back: who knows it could run ahead in a scenario of their own.
    pub seed: u64,
    /// What it is for.
    pub kind: Kind,
    /// How many bars it has, from [`SHORTEST`] to [`LONGEST`].
    pub bars: u32,
    /// Cash to begin with.
    pub cash: Money,
    /// What fills cost.
    pub fees: Fees,
}

/// Bars that are visible from the start: as many as the averages of the patterns want, and some to look at.
pub const VISIBLE_AT_FIRST: u32 = 30;
/// Bars of the shortest scenario.
pub const SHORTEST: u32 = VISIBLE_AT_FIRST + 1;
/// Bars of the longest scenario.
pub const LONGEST: u32 = 2_000;
/// Rows after which a scenario takes only advances: with the longest scenario's bars and their fills there is an end to it.
pub const MOST_ROWS: usize = 20_000;

/// A scenario under way.
#[derive(Debug)]
pub struct Scenario {
    kind: Kind,
    length: u32,
    market: Market,
    bars: Vec<Bar>,
    ledger: Ledger,
    /// The bar for which patterns have been named.
    named: Option<usize>,
}

/// What an action did.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What the next action has to expect.
    pub seq: u64,
    /// Rows that were added.
    pub rows: Vec<Row>,
    /// Bars that have become visible.
    pub bars: Vec<Bar>,
    /// Where things stand.
    pub results: Results,
}

impl Scenario {
    /// Begins one.
    ///
    /// # Errors
    /// The number of bars is out of bounds, or the ledger refuses the cash or the fees.
    pub fn begin(setup: &Setup) -> Result<Self, Refusal> {
        if !(SHORTEST..=LONGEST).contains(&setup.bars) {
            return Err(Refusal::Length);
        }
        let mut scenario = Self {
            kind: setup.kind,
            length: setup.bars,
            market: Market::of(setup.seed),
            bars: Vec::new(),
            ledger: Ledger::open(setup.cash, setup.fees)?,
            named: None,
        };
        for _ in 0..VISIBLE_AT_FIRST {
            scenario.reveal()?;
        }
        Ok(scenario)
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many bars it has in the end.
    #[must_use]
    pub fn length(&self) -> u32 {
        self.length
    }

    /// The bars that are visible.
    #[must_use]
    pub fn bars(&self) -> &[Bar] {
        &self.bars
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        self.ledger.rows()
    }

    /// What the next action has to expect: the number of the next row.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.ledger.account().next_seq
    }

    /// Where things stand.
    ///
    /// # Errors
    /// An amount doesn't fit.
    pub fn results(&self) -> Result<Results, LedgerError> {
        self.ledger.account().results()
    }

    /// Acts. Refused, it changes nothing, except that an advance of several bars stops at the one that can't be.
    ///
    /// # Errors
    /// `expected` isn't the present sequence number; the action isn't allowed; the ledger refuses it.
    pub fn act(&mut self, expected: u64, action: Action) -> Result<Outcome, Refusal> {
        if expected != self.seq() {
            return Err(Refusal::Sequence { expected, present: self.seq() });
        }
        let (rows, bars) = (self.rows().len(), self.bars.len());
        match action {
            Action::Order(order) => {
                self.may_write(self.kind != Kind::PatternRecognition)?;
                self.ledger.place(order.terms())?;
            }
            Action::Cancel(cancel) => {
                self.may_write(true)?;
                self.ledger.cancel(cancel.order)?;
            }
            Action::Name(names) => {
                self.may_write(self.kind == Kind::PatternRecognition && self.named != Some(bars))?;
                let (right, wrong, missed) = quiz::judge(&self.bars, names.patterns)?;
                self.ledger.name(right, wrong, missed)?;
                self.named = Some(bars);
            }
            Action::Advance(advance) => self.advance(advance.bars)?,
        }
        Ok(Outcome {
            seq: self.seq(),
            rows: self.rows().get(rows..).unwrap_or_default().to_vec(),
            bars: self.bars.get(bars..).unwrap_or_default().to_vec(),
            results: self.results()?,
        })
    }

    fn may_write(&self, fits_the_kind: bool) -> Result<(), Refusal> {
        if !fits_the_kind {
            return Err(Refusal::NotInThisKind);
        }
        if self.rows().len() >= MOST_ROWS { Err(Refusal::Full) } else { Ok(()) }
    }

    fn advance(&mut self, bars: u32) -> Result<(), Refusal> {
        let left = self.length.saturating_sub(u32::try_from(self.bars.len()).unwrap_or(u32::MAX));
        let most = if self.kind == Kind::Backtest { left } else { left.min(1) };
        if left == 0 {
            return Err(Refusal::Over);
        }
        if !(1..=most).contains(&bars) {
            return Err(Refusal::TooFar { most });
        }
        (0..bars).try_for_each(|_| self.reveal())
    }

    /// The only place where a bar comes into being.
    fn reveal(&mut self) -> Result<(), Refusal> {
        let bar = self.market.next_bar();
        self.ledger.advance(bar)?;
        self.bars.push(bar);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
