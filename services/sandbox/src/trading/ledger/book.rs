//! The ledger. In: commands and bars. Out: new rows. A command adds all of its rows or, refused, none.
//! Must not know where bars come from.

use super::MAX_ORDERS;
use super::account::Account;
use super::error::LedgerError;
use super::order::Order;
use super::row::{Entry, Fees, Row};
use super::units::{Money, Price, Quantity, notional, sum};
use crate::trading::market::bar::Bar;

/// Rows, and the account that follows from them.
#[derive(Debug, Clone)]
pub struct Ledger {
    rows: Vec<Row>,
    account: Account,
}

/// Rows that are being added: visible to what is decided next, not yet part of the ledger.
struct Draft {
    rows: Vec<Row>,
    account: Account,
}

impl Draft {
    fn add(&mut self, entry: Entry) -> Result<(), LedgerError> {
        let row = Row { seq: self.account.next_seq, entry };
        self.account.apply(&row)?;
        self.rows.push(row);
        Ok(())
    }
}

impl Ledger {
    /// Opens an account.
    ///
    /// # Errors
    /// Negative cash or a negative fee.
    pub fn open(cash: Money, fees: Fees) -> Result<Self, LedgerError> {
        if cash.0 < 0 || fees.fixed.0 < 0 {
            return Err(LedgerError::NotPositive);
        }
        let mut ledger = Self { rows: Vec::new(), account: Account::default() };
        ledger.write(|draft| draft.add(Entry::Opened { cash, fees }))?;
        Ok(ledger)
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What follows from them.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Places an order. It reserves what it would open at its limit, or at the last close, and its fee; what only closes reserves nothing.
    ///
    /// # Errors
    /// It isn't positive, or the free cash doesn't cover it, or there are too many, or no bar is known yet.
    pub fn place(&mut self, terms: Order) -> Result<&[Row], LedgerError> {
        let (_, close) = self.account.known.ok_or(LedgerError::NoBar)?;
        if terms.quantity.0 <= 0 || terms.limit.is_some_and(|limit| limit.0 <= 0) {
            return Err(LedgerError::NotPositive);
        }
        if self.account.orders.len() >= MAX_ORDERS {
            return Err(LedgerError::TooManyOrders);
        }
        let opening = self.account.opening_part(&terms);
        let reserved = self.price_of(terms.limit.unwrap_or(close), opening)?;
        if reserved.0 > 0 && reserved > self.account.free()? {
            return Err(LedgerError::InsufficientCash);
        }
        let order = self.account.next_order;
        self.write(|draft| draft.add(Entry::Placed { order, terms, reserved }))
    }

    fn price_of(&self, price: Price, opening: Quantity) -> Result<Money, LedgerError> {
        if opening.0 == 0 {
            return Ok(Money(0));
        }
        Ok(Money(sum(notional(price, opening)?.0, self.account.fees.of(price, opening)?.0)?))
    }

    /// Withdraws an order.
    ///
    /// # Errors
    /// It isn't open.
    pub fn cancel(&mut self, order: u32) -> Result<&[Row], LedgerError> {
        self.write(|draft| draft.add(Entry::Cancelled { order }))
    }

    /// Writes down what was named for the present bar.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn name(&mut self, right: Vec<String>, wrong: Vec<String>, missed: Vec<String>) -> Result<&[Row], LedgerError> {
        self.write(|draft| draft.add(Entry::Named { right, wrong, missed }))
    }

    /// The next bar becomes known, and fills the orders that were placed before it, in the order of their placing: where within a bar
    /// a price was reached is unknown.
    ///
    /// # Errors
    /// An amount doesn't fit.
    pub fn advance(&mut self, bar: Bar) -> Result<&[Row], LedgerError> {
        self.write(|draft| {
            let index = draft.account.known.map_or(0, |(last, _)| last.saturating_add(1));
            draft.add(Entry::Bar { index, bar })?;
            let orders: Vec<u32> = draft.account.orders.keys().copied().collect();
            orders.into_iter().try_for_each(|order| settle(draft, order, &bar))
        })
    }

    /// Lets `work` add rows to a draft, and keeps them only if all went well.
    fn write(&mut self, work: impl FnOnce(&mut Draft) -> Result<(), LedgerError>) -> Result<&[Row], LedgerError> {
        let mut draft = Draft { rows: Vec::new(), account: self.account.clone() };
        work(&mut draft)?;
        let from = self.rows.len();
        self.rows.append(&mut draft.rows);
        self.account = draft.account;
        Ok(self.rows.get(from..).unwrap_or_default())
    }
}

/// Fills an order if the bar does, unless that opens something that the account can't pay for. What only closes is always filled: to end a
/// loss must not need money.
fn settle(draft: &mut Draft, order: u32, bar: &Bar) -> Result<(), LedgerError> {
    let Some(terms) = draft.account.orders.get(&order).map(|pending| pending.terms) else { return Ok(()) };
    let Some(price) = terms.fills_at(bar) else { return Ok(()) };
    let fee = draft.account.fees.of(price, terms.quantity)?;
    let change = terms.side.signed(terms.quantity);
    let opens = draft.account.position.closing_part(change) != change;
    let row = Row { seq: draft.account.next_seq, entry: Entry::Filled { order, price, fee } };
    let mut filled = draft.account.clone();
    filled.apply(&row)?;
    if opens && filled.free()?.0 < 0 {
        return draft.add(Entry::Refused { order });
    }
    draft.account = filled;
    draft.rows.push(row);
    Ok(())
}
