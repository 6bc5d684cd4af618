//! The ledger against rational numbers. In: random orders and bars. The oracle knows no rounding at all, except in one place where it
//! repeats the stated rule in its own arithmetic.
//!
//! What has to hold after each of 1,000,000 fills:
//! - cash, fees, equity and realised + unrealised equal the rational ones exactly;
//! - realised and cost equal those of the stated rule (a part-close releases its part of the cost, rounded half to even);
//! - against average cost without any rounding, realised is exact whenever the position is flat or has flipped, and never further off
//!   than half a unit (0.000000005 of the currency) for each part-close since;
//!
//! and at the end of each of the runs, a replay of the rows from zero gives the same account.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use num_bigint::BigInt;
use num_rational::{BigRational, Ratio};
use rerp_sandbox::trading::ledger::order::{Order, Side};
use rerp_sandbox::trading::ledger::row::{Entry, Fees};
use rerp_sandbox::trading::ledger::units::{Money, Price, Quantity};
use rerp_sandbox::trading::ledger::{Account, Ledger, LedgerError};
use rerp_sandbox::trading::market::Bar;

const FILLS: u64 = 1_000_000;
/// Fills of one run; the unrounded average's denominator grows with each.
const RUN: u64 = 16;
const CASH: i64 = 50_000_000_000_000_000;

struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % u64::try_from(high - low + 1).unwrap()) as i64
    }
}

/// What the books say when nothing is ever rounded, and what they say by the stated rule.
struct Oracle {
    /// What all fills brought in and took out, before fees.
    flow: i128,
    fees: i128,
    held: i128,
    /// By the rule.
    cost: i128,
    realised: i128,
    /// Without rounding.
    true_cost: BigRational,
    part_closes: u64,
}

/// Half to even by looking at both neighbours.
fn nearest(number: Ratio<i128>) -> i128 {
    let (below, above) = (number.floor(), number.ceil());
    let (down, up) = (number - below, above - number);
    if down < up || (down == up && below.to_integer() % 2 == 0) { below.to_integer() } else { above.to_integer() }
}

impl Oracle {
    fn new() -> Self {
        let nothing = BigRational::from_integer(BigInt::from(0));
        Self { flow: 0, fees: 0, held: 0, cost: 0, realised: 0, true_cost: nothing, part_closes: 0 }
    }

    fn fill(&mut self, change: i128, price: i128, fees: Fees) {
        let rate = Ratio::new(change.abs() * price * i128::from(fees.rate_ppm), 1_000_000 * 1_000_000);
        self.fees += i128::from(fees.fixed.0) + nearest(rate) * 1_000_000;
        self.flow -= change * price;
        let mut left = change;
        if self.held.signum() * change.signum() < 0 {
            let closing = change.abs().min(self.held.abs()) * change.signum();
            self.close(closing, price);
            left -= closing;
        }
        self.held += left;
        self.cost += left * price;
        self.true_cost += BigInt::from(left * price);
    }

    fn close(&mut self, closing: i128, price: i128) {
        let released = nearest(Ratio::new(self.cost * -closing, self.held));
        self.realised += -closing * price - released;
        self.cost -= released;
        self.true_cost *= BigRational::new((self.held + closing).into(), self.held.into());
        self.held += closing;
        self.part_closes = if self.held == 0 { 0 } else { self.part_closes + 1 };
    }

    fn compare(&self, account: &Account, close: i64) {
        let results = account.results().unwrap();
        let (mark, wide) = (self.held * i128::from(close), |money: Money| i128::from(money.0));
        assert_eq!(wide(results.cash), i128::from(CASH) + self.flow - self.fees);
        assert_eq!(wide(results.fees), self.fees);
        assert_eq!(wide(results.equity), i128::from(CASH) + self.flow - self.fees + mark);
        assert_eq!(wide(results.realised) + wide(results.unrealised), self.flow + mark);
        assert_eq!(i128::from(account.position.quantity.0), self.held);
        assert_eq!(wide(account.position.cost), self.cost);
        assert_eq!(wide(results.realised), self.realised);
        // What came in and is not what the rest has cost has been realised. Compared without dividing: that is exact and quick.
        let (numerator, denominator) = (self.true_cost.numer(), self.true_cost.denom());
        let off: BigInt = BigInt::from(self.realised - self.flow) * denominator - numerator;
        let twice: BigInt = if off < BigInt::from(0) { off * -2 } else { off * 2 };
        assert!(twice <= denominator * self.part_closes, "{} after {} part-closes", self.true_cost, self.part_closes);
    }
}

fn order(rng: &mut Rng, held: i64) -> Order {
    let side = if rng.within(0, 1) == 0 { Side::Buy } else { Side::Sell };
    let quantity = match rng.within(0, 5) {
        // Exactly what is held: flat, if the side is right.
        0 if held != 0 => held.abs(),
        1 => rng.within(1, 9),
        _ => rng.within(1, 3_000_000),
    };
    Order { side, quantity: Quantity(quantity), limit: None }
}

fn bar(rng: &mut Rng) -> Bar {
    let (open, close) = (rng.within(1, 3_000_000), rng.within(1, 3_000_000));
    Bar { open: Price(open), high: Price(open.max(close)), low: Price(open.min(close)), close: Price(close) }
}

/// One run; how many fills it had, how many flips, and how many returns to flat.
fn run(rng: &mut Rng) -> [u64; 3] {
    let fees = Fees { rate_ppm: rng.within(0, 2_000) as u32, fixed: Money(rng.within(0, 500) * 1_000_000) };
    let mut ledger = Ledger::open(Money(CASH), fees).unwrap();
    ledger.advance(bar(rng)).unwrap();
    let (mut oracle, mut counts) = (Oracle::new(), [0; 3]);
    while counts[0] < RUN {
        match ledger.place(order(rng, ledger.account().position.quantity.0)) {
            Ok(_) => {}
            Err(LedgerError::InsufficientCash) => continue,
            Err(error) => panic!("{error}"),
        }
        let (next, before) = (bar(rng), oracle.held);
        let terms = ledger.account().orders.values().next().unwrap().terms;
        let rows = ledger.advance(next).unwrap();
        if rows.iter().any(|row| matches!(row.entry, Entry::Filled { .. })) {
            oracle.fill(terms.side.signed(terms.quantity).0.into(), next.open.0.into(), fees);
            counts[0] += 1;
            counts[1] += u64::from(before * oracle.held < 0);
            counts[2] += u64::from(before != 0 && oracle.held == 0);
        }
        oracle.compare(ledger.account(), next.close.0);
    }
    assert_eq!(Account::replay(ledger.rows()).as_ref(), Ok(ledger.account()));
    counts
}

#[test]
fn a_million_fills_equal_the_rational_ones() {
    let (mut rng, mut counts) = (Rng(9), [0; 3]);
    while counts[0] < FILLS {
        let run = run(&mut rng);
        (0..3).for_each(|at| counts[at] += run[at]);
    }
    println!("{} fills, {} flips, {} returns to flat", counts[0], counts[1], counts[2]);
    assert!(counts[1] > FILLS / 20 && counts[2] > FILLS / 100, "{counts:?}");
}
