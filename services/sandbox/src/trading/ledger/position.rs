//! One netted position. In: fills. Out: what they realise. Must not know cash, fees or orders.
//!
//! It is kept at average cost, as the total cost of what is held and never as an average: an average would have to be rounded at every
//! purchase. When a part is closed, that part of the cost leaves, rounded half to even to one unit of money, and **the rest stays in the
//! position**. So nothing is lost: realised + unrealised is exact at every moment, and realised is exact whenever the position is flat or
//! has flipped. In between, a part-close moves at most half of a hundred-millionth of the currency between the two.

use super::error::LedgerError;
use super::units::{Money, Price, Quantity, difference, fit, half_even, notional, sum};
use serde::Serialize;

/// What is held, negative when it is owed, and what it cost, with the same sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Position {
    /// Signed quantity.
    pub quantity: Quantity,
    /// What was paid for it; for a short position the negative of what was received.
    pub cost: Money,
}

/// What a fill did to a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traded {
    /// The position afterwards.
    pub after: Position,
    /// Profit or loss of the part that was closed, before fees.
    pub realised: Money,
    /// Whether the former position is gone: it is flat now, or has flipped.
    pub closed: bool,
}

impl Position {
    /// Buys (positive) or sells (negative) at a price. A fill larger than the opposite position closes all of it at its average cost and
    /// opens the rest at the price of the fill.
    ///
    /// # Errors
    /// An amount doesn't fit.
    pub fn trade(&self, change: Quantity, price: Price) -> Result<Traded, LedgerError> {
        let closing = self.closing_part(change);
        let released = self.cost_of(closing)?;
        let proceeds = notional(price, Quantity(difference(0, closing.0)?))?;
        let opened = notional(price, Quantity(difference(change.0, closing.0)?))?;
        let after = Position {
            quantity: Quantity(sum(self.quantity.0, change.0)?),
            cost: Money(sum(difference(self.cost.0, released.0)?, opened.0)?),
        };
        let realised = Money(difference(proceeds.0, released.0)?);
        let closed = closing.0 != 0 && sum(closing.0, self.quantity.0)? == 0;
        Ok(Traded { after, realised, closed })
    }

    /// The part of a change that closes something, with the sign of the change.
    #[must_use]
    pub fn closing_part(&self, change: Quantity) -> Quantity {
        let held = self.quantity.0;
        if held.signum() * change.0.signum() >= 0 {
            return Quantity(0);
        }
        // The smaller of two magnitudes; the one position whose negation doesn't fit is larger than any change against it.
        Quantity(if change.0.unsigned_abs() >= held.unsigned_abs() { held.saturating_neg() } else { change.0 })
    }

    /// The cost of a closing part, signed like the cost.
    fn cost_of(&self, closing: Quantity) -> Result<Money, LedgerError> {
        if closing.0 == 0 {
            return Ok(Money(0));
        }
        let held = i128::from(self.quantity.0.unsigned_abs());
        let part = i128::from(self.cost.0) * i128::from(closing.0.unsigned_abs());
        fit(half_even(part, held)).map(Money)
    }

    /// Profit or loss if all of it were closed at this price, before fees.
    ///
    /// # Errors
    /// An amount doesn't fit.
    pub fn unrealised(&self, mark: Price) -> Result<Money, LedgerError> {
        Ok(Money(difference(notional(mark, self.quantity)?.0, self.cost.0)?))
    }

    /// What a short position keeps locked: what was received for it, and as much again.
    ///
    /// # Errors
    /// The amount doesn't fit.
    pub fn collateral(&self) -> Result<Money, LedgerError> {
        if self.quantity.0 >= 0 { Ok(Money(0)) } else { fit(i128::from(self.cost.0) * -2).map(Money) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(fills: &[(i64, i64)]) -> (Position, i64) {
        fills.iter().fold((Position::default(), 0), |(position, realised), (quantity, price)| {
            let traded = position.trade(Quantity(*quantity), Price(*price)).unwrap();
            (traded.after, realised + traded.realised.0)
        })
    }

    #[test]
    fn a_flip_closes_all_and_opens_the_rest_at_the_fill() {
        let (position, realised) = after(&[(10, 100), (10, 110), (-30, 120)]);
        assert_eq!(position, Position { quantity: Quantity(-10), cost: Money(-1_200) });
        assert_eq!(realised, 300);
        let (position, realised) = after(&[(-10, 100), (15, 90)]);
        assert_eq!(position, Position { quantity: Quantity(5), cost: Money(450) });
        assert_eq!(realised, 100);
    }

    #[test]
    fn what_rounding_moves_comes_back_when_flat() {
        // 3 for 100 and 101 and 101: a third of 302 isn't an integer.
        let (position, realised) = after(&[(1, 100), (1, 101), (1, 101), (-1, 102)]);
        assert_eq!((position.cost.0, realised), (201, 1));
        let (position, realised) = after(&[(1, 100), (1, 101), (1, 101), (-1, 102), (-1, 102), (-1, 102)]);
        assert_eq!((position, realised), (Position::default(), 306 - 302));
    }

    #[test]
    fn overflow_is_an_error_and_changes_nothing() {
        let position = Position { quantity: Quantity(i64::MAX - 1), cost: Money(0) };
        assert_eq!(position.trade(Quantity(5), Price(1)), Err(LedgerError::Overflow));
        assert_eq!(position.trade(Quantity(1), Price(i64::MAX)).map(|t| t.after.cost.0), Ok(i64::MAX));
        assert_eq!(position.unrealised(Price(3)), Err(LedgerError::Overflow));
    }
}
