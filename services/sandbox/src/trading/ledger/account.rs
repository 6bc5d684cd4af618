//! What follows from the rows. In: rows, one after the other. Out: cash, position, open orders, results. Must not decide anything: a row
//! says what happened, this says what that amounts to, and refuses rows that can't have happened.

use super::error::LedgerError;
use super::order::Order;
use super::position::Position;
use super::row::{Entry, Fees, Row};
use super::units::{Money, Price, Quantity, difference, sum};
use serde::Serialize;
use std::collections::BTreeMap;

/// An order that waits, and what waits with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// The order.
    pub terms: Order,
    /// Cash set aside.
    pub reserved: Money,
    /// The last bar that was known when it was placed.
    pub known: u32,
}

/// Counts of what was named in a scenario about patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Score {
    /// Named and there.
    pub right: u64,
    /// Named and not there.
    pub wrong: u64,
    /// There and not named.
    pub missed: u64,
}

/// The state after some rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Rows so far: the number of the next one.
    pub next_seq: u64,
    /// Number of the next order.
    pub next_order: u32,
    /// What fills cost.
    pub fees: Fees,
    /// Cash, whether free or locked.
    pub cash: Money,
    /// The position.
    pub position: Position,
    /// Realised profit or loss, before fees.
    pub realised: Money,
    /// Fees paid.
    pub paid: Money,
    /// Positions that were opened and closed.
    pub trips: u32,
    /// Of these, those that won before fees.
    pub won: u32,
    /// Realised of the position at hand.
    pub trip: Money,
    /// The last bar that is known, and its close.
    pub known: Option<(u32, Price)>,
    /// Open orders by number.
    pub orders: BTreeMap<u32, Pending>,
    /// What was named.
    pub score: Score,
}

impl Account {
    /// What follows from these rows, from zero.
    ///
    /// # Errors
    /// A row can't have happened after those before it.
    pub fn replay<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Result<Self, LedgerError> {
        let mut account = Self::default();
        for row in rows {
            account.apply(row)?;
        }
        Ok(account)
    }

    /// Adds a row. An account that has refused a row must not be used further.
    ///
    /// # Errors
    /// The row can't have happened.
    pub fn apply(&mut self, row: &Row) -> Result<(), LedgerError> {
        if row.seq != self.next_seq {
            return Err(LedgerError::Gap { expected: self.next_seq, found: row.seq });
        }
        if matches!(row.entry, Entry::Opened { .. }) != (row.seq == 0) {
            return Err(LedgerError::Opening);
        }
        match &row.entry {
            Entry::Opened { cash, fees } => (self.cash, self.fees) = (*cash, *fees),
            Entry::Bar { index, bar } => {
                if *index != self.known.map_or(0, |(last, _)| last.saturating_add(1)) {
                    return Err(LedgerError::BarOrder);
                }
                self.known = Some((*index, bar.close));
            }
            Entry::Placed { order, terms, reserved } => self.place(*order, *terms, *reserved)?,
            Entry::Cancelled { order } | Entry::Refused { order } => {
                self.orders.remove(order).ok_or(LedgerError::NoOrder(*order))?;
            }
            Entry::Filled { order, price, fee } => self.fill(*order, *price, *fee)?,
            Entry::Named { right, wrong, missed } => {
                self.score.right += right.len() as u64;
                self.score.wrong += wrong.len() as u64;
                self.score.missed += missed.len() as u64;
            }
        }
        self.next_seq += 1;
        Ok(())
    }

    fn place(&mut self, order: u32, terms: Order, reserved: Money) -> Result<(), LedgerError> {
        let (known, _) = self.known.ok_or(LedgerError::NoBar)?;
        if order != self.next_order {
            return Err(LedgerError::NoOrder(order));
        }
        self.next_order = self.next_order.checked_add(1).ok_or(LedgerError::Overflow)?;
        self.orders.insert(order, Pending { terms, reserved, known });
        Ok(())
    }

    fn fill(&mut self, order: u32, price: Price, fee: Money) -> Result<(), LedgerError> {
        let pending = self.orders.remove(&order).ok_or(LedgerError::NoOrder(order))?;
        if self.known.is_none_or(|(present, _)| present <= pending.known) {
            return Err(LedgerError::LookAhead);
        }
        let change = pending.terms.side.signed(pending.terms.quantity);
        let traded = self.position.trade(change, price)?;
        let cost = super::units::notional(price, change)?;
        self.cash = Money(difference(difference(self.cash.0, cost.0)?, fee.0)?);
        self.realised = Money(sum(self.realised.0, traded.realised.0)?);
        self.trip = Money(sum(self.trip.0, traded.realised.0)?);
        self.paid = Money(sum(self.paid.0, fee.0)?);
        self.position = traded.after;
        if traded.closed {
            self.trips += 1;
            self.won += u32::from(self.trip.0 > 0);
            self.trip = Money(0);
        }
        Ok(())
    }

    /// Cash that is set aside for orders or stands behind a short position.
    ///
    /// # Errors
    /// An amount doesn't fit.
    pub fn locked(&self) -> Result<Money, LedgerError> {
        let behind = self.position.collateral()?.0;
        self.orders.values().try_fold(behind, |all, order| sum(all, order.reserved.0)).map(Money)
    }

    /// Cash that can be used. Negative after losses on a short position.
    ///
    /// # Errors
    /// An amount doesn't fit.
    pub fn free(&self) -> Result<Money, LedgerError> {
        Ok(Money(difference(self.cash.0, self.locked()?.0)?))
    }

    /// The part of an order that opens something, after what is held and what open orders on the same side will close of it.
    #[must_use]
    pub fn opening_part(&self, order: &Order) -> Quantity {
        let spoken_for = self.orders.values().filter(|other| other.terms.side == order.side);
        let spoken_for: i128 = spoken_for.map(|other| i128::from(other.terms.quantity.0)).sum();
        let against = -i128::from(order.side.signed(self.position.quantity).0);
        let closable = (against - spoken_for).max(0);
        let opening = (i128::from(order.quantity.0) - closable).max(0);
        // Not more than the order's own quantity.
        Quantity(i64::try_from(opening).unwrap_or(order.quantity.0))
    }
}
