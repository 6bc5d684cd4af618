//! What the ledger promises, told as small stories.

use super::order::{Order, Side};
use super::row::{Entry, Fees, Row};
use super::units::{Money, Price, Quantity};
use super::{Account, Ledger, LedgerError};
use crate::trading::market::bar::Bar;

/// The currency and the thing, in units.
const ONE: i64 = 10_000;
const CURRENCY: i64 = 100_000_000;

fn bar(open: i64, high: i64, low: i64, close: i64) -> Bar {
    Bar { open: Price(open * ONE), high: Price(high * ONE), low: Price(low * ONE), close: Price(close * ONE) }
}

fn order(side: Side, quantity: i64, limit: Option<i64>) -> Order {
    Order { side, quantity: Quantity(quantity * ONE), limit: limit.map(|price| Price(price * ONE)) }
}

fn opened(cash: i64) -> Ledger {
    let mut ledger = Ledger::open(Money(cash * CURRENCY), Fees::default()).unwrap();
    ledger.advance(bar(100, 100, 100, 100)).unwrap();
    ledger
}

fn figures(ledger: &Ledger) -> [i64; 5] {
    let results = ledger.account().results().unwrap();
    assert_eq!(Ok(results.clone()), Account::replay(ledger.rows()).and_then(|account| account.results()));
    [results.cash, results.free, results.locked, results.realised, results.unrealised].map(|money| money.0 / CURRENCY)
}

#[test]
fn an_order_waits_for_the_next_bar() {
    let mut ledger = opened(10_000);
    ledger.place(order(Side::Buy, 10, None)).unwrap();
    assert_eq!(figures(&ledger), [10_000, 9_000, 1_000, 0, 0]);
    ledger.advance(bar(101, 110, 90, 105)).unwrap();
    assert_eq!(figures(&ledger), [8_990, 8_990, 0, 0, 40]);
    ledger.place(order(Side::Sell, 10, Some(120))).unwrap();
    assert_eq!(figures(&ledger), [8_990, 8_990, 0, 0, 40]);
    ledger.advance(bar(125, 126, 119, 124)).unwrap();
    assert_eq!(figures(&ledger), [10_240, 10_240, 0, 240, 0]);
}

#[test]
fn a_row_that_knew_its_bar_is_refused() {
    let mut ledger = opened(10_000);
    ledger.place(order(Side::Buy, 1, None)).unwrap();
    let mut rows = ledger.rows().to_vec();
    let seq = rows.len() as u64;
    rows.push(Row { seq, entry: Entry::Filled { order: 0, price: Price(ONE), fee: Money(0) } });
    assert_eq!(Account::replay(&rows), Err(LedgerError::LookAhead));
    rows[3].seq = 7;
    assert_eq!(Account::replay(&rows), Err(LedgerError::Gap { expected: 3, found: 7 }));
    assert_eq!(Account::replay(&rows[1..]), Err(LedgerError::Gap { expected: 0, found: 1 }));
}

#[test]
fn a_short_position_locks_what_it_received_and_as_much_again() {
    let mut ledger = opened(1_000);
    ledger.place(order(Side::Sell, 10, None)).unwrap();
    assert_eq!(figures(&ledger), [1_000, 0, 1_000, 0, 0]);
    ledger.advance(bar(100, 100, 95, 95)).unwrap();
    assert_eq!(figures(&ledger), [2_000, 0, 2_000, 0, 50]);
    // Closing needs no free cash.
    ledger.place(order(Side::Buy, 10, None)).unwrap();
    ledger.advance(bar(120, 120, 95, 95)).unwrap();
    assert_eq!(figures(&ledger), [800, 800, 0, -200, 0]);
}

#[test]
fn what_can_not_be_paid_is_refused_with_a_row() {
    let mut ledger = opened(1_000);
    assert_eq!(ledger.place(order(Side::Buy, 11, None)), Err(LedgerError::InsufficientCash));
    ledger.place(order(Side::Buy, 10, None)).unwrap();
    assert_eq!(ledger.place(order(Side::Buy, 1, Some(1))), Err(LedgerError::InsufficientCash));
    let rows = ledger.advance(bar(101, 101, 101, 101)).unwrap();
    assert!(matches!(rows, [_, Row { entry: Entry::Refused { order: 0 }, .. }]), "{rows:?}");
    assert_eq!(figures(&ledger), [1_000, 1_000, 0, 0, 0]);
}

#[test]
fn two_orders_can_not_close_the_same_thing() {
    let mut ledger = opened(1_500);
    ledger.place(order(Side::Buy, 10, None)).unwrap();
    ledger.advance(bar(100, 100, 100, 100)).unwrap();
    ledger.place(order(Side::Sell, 10, Some(110))).unwrap();
    assert_eq!(figures(&ledger)[2], 0);
    ledger.place(order(Side::Sell, 4, Some(110))).unwrap();
    assert_eq!(figures(&ledger)[2], 440);
    assert_eq!(ledger.place(order(Side::Sell, 1, Some(110))), Err(LedgerError::InsufficientCash));
    ledger.cancel(2).unwrap();
    assert_eq!(ledger.cancel(2), Err(LedgerError::NoOrder(2)));
    assert_eq!(figures(&ledger)[2], 0);
}

#[test]
fn a_refused_command_leaves_no_trace() {
    let mut ledger = opened(i64::MAX / CURRENCY);
    let before = ledger.rows().to_vec();
    assert_eq!(ledger.place(order(Side::Buy, i64::MAX / ONE, None)), Err(LedgerError::Overflow));
    assert_eq!(ledger.place(order(Side::Buy, 0, None)), Err(LedgerError::NotPositive));
    assert_eq!(ledger.place(order(Side::Buy, 1, Some(-1))), Err(LedgerError::NotPositive));
    assert_eq!(ledger.rows(), before);
    for _ in 0..super::MAX_ORDERS {
        ledger.place(order(Side::Buy, 1, Some(1))).unwrap();
    }
    assert_eq!(ledger.place(order(Side::Buy, 1, Some(1))), Err(LedgerError::TooManyOrders));
    assert!(Ledger::open(Money(-1), Fees::default()).is_err());
}
