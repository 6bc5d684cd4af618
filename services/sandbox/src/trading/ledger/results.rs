//! An account in figures. In: an account. Out: exact amounts, and the same in minor units. Must not be computed with.

use super::account::{Account, Score};
use super::error::LedgerError;
use super::position::Position;
use super::units::{Money, Price, difference, sum};
use serde::Serialize;

/// Exact amounts, as decimal texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Results {
    /// All cash.
    pub cash: Money,
    /// Cash that can be used.
    pub free: Money,
    /// Cash that is set aside for orders or stands behind a short position. `free + locked = cash`.
    pub locked: Money,
    /// What is held and what it cost.
    pub position: Position,
    /// Its cost per whole thing, rounded half to even to the scale of prices: to look at, nothing is computed from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<Price>,
    /// Profit or loss of what was closed, before fees.
    pub realised: Money,
    /// Profit or loss of what is held, at the last known close.
    pub unrealised: Money,
    /// Fees paid.
    pub fees: Money,
    /// Cash and position at the last known close: what was there at first + realised + unrealised - fees.
    pub equity: Money,
    /// Open orders.
    pub open_orders: usize,
    /// Positions that were opened and closed again.
    pub trips: u32,
    /// Of these, those that won before fees.
    pub won: u32,
    /// What was named in a scenario about patterns.
    pub score: Score,
    /// The amounts in minor units, rounded half to even.
    pub minor: Minor,
}

/// Amounts in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Minor {
    /// As above.
    pub cash: i64,
    /// As above.
    pub realised: i64,
    /// As above.
    pub unrealised: i64,
    /// As above.
    pub fees: i64,
    /// As above.
    pub equity: i64,
}

impl Account {
    /// Sums up.
    ///
    /// # Errors
    /// An amount doesn't fit.
    pub fn results(&self) -> Result<Results, LedgerError> {
        let mark = self.known.map_or(Price(0), |(_, close)| close);
        let unrealised = self.position.unrealised(mark)?;
        let worth = sum(self.position.cost.0, unrealised.0)?;
        let (cash, equity, locked) = (self.cash, Money(sum(self.cash.0, worth)?), self.locked()?);
        Ok(Results {
            cash,
            free: Money(difference(cash.0, locked.0)?),
            locked,
            position: self.position,
            average: average(&self.position),
            realised: self.realised,
            unrealised,
            fees: self.paid,
            equity,
            open_orders: self.orders.len(),
            trips: self.trips,
            won: self.won,
            score: self.score,
            minor: Minor {
                cash: cash.minor(),
                realised: self.realised.minor(),
                unrealised: unrealised.minor(),
                fees: self.paid.minor(),
                equity: equity.minor(),
            },
        })
    }
}

fn average(position: &Position) -> Option<Price> {
    let held = i128::from(position.quantity.0.unsigned_abs());
    let cost = i128::from(position.cost.0.unsigned_abs());
    (held > 0).then(|| super::units::half_even(cost, held)).and_then(|price| i64::try_from(price).ok()).map(Price)
}
