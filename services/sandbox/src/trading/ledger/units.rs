//! Fixed-point numbers. In: decimal texts and integers. Out: integers that know their scale. Must not touch floating point.
//!
//! | type | one unit is | why |
//! |---|---|---|
//! | [`Price`] | 0.0001 of the currency | finer than any tick we generate |
//! | [`Quantity`] | 0.0001 of the thing traded | the same |
//! | [`Money`] | 0.00000001 of the currency | price times quantity is exact, nothing is rounded on the way in |

use super::error::LedgerError;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! fixed {
    ($name:ident, $places:literal, $shown:literal, $about:literal) => {
        #[doc = $about]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub i64);

        impl $name {
            /// Decimal places of the scale.
            pub const PLACES: u32 = $places;

            /// Reads a decimal text such as `12.5`; no exponent, no plus, no more places than the scale has.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                parse(text, $places).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&decimal(self.0, $places, $shown))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| {
                    D::Error::custom(concat!("expected a decimal text with at most ", $places, " places, as \"12.5\""))
                })
            }
        }
    };
}

fixed!(Price, 4, 2, "A price: an integer of 0.0001 of the currency for one whole thing.");
fixed!(Quantity, 4, 0, "How much: an integer of 0.0001 of the thing. Signed where it is a position.");
fixed!(Money, 8, 2, "An amount: an integer of 0.00000001 of the currency.");

/// Units of [`Money`] in one minor unit, 0.01 of the currency.
pub const MINOR: i64 = 1_000_000;

impl Money {
    /// In minor units, rounded half to even: the rule wherever an amount is shown rounded. Nothing is computed from a rounded amount.
    #[must_use]
    pub fn minor(self) -> i64 {
        // A 64-bit amount divided by more than one fits.
        i64::try_from(half_even(i128::from(self.0), i128::from(MINOR))).unwrap_or(i64::MAX)
    }
}

/// `price * quantity`, exactly; the sign is the quantity's.
///
/// # Errors
/// The amount doesn't fit.
pub fn notional(price: Price, quantity: Quantity) -> Result<Money, LedgerError> {
    fit(i128::from(price.0) * i128::from(quantity.0)).map(Money)
}

/// `number / divisor` to the nearest integer, halves to the even one. `divisor` is positive.
#[must_use]
pub fn half_even(number: i128, divisor: i128) -> i128 {
    let (floor, rest) = (number.div_euclid(divisor), number.rem_euclid(divisor));
    let up = match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => floor % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    floor + i128::from(up)
}

/// Back to 64 bits.
pub(super) fn fit(wide: i128) -> Result<i64, LedgerError> {
    i64::try_from(wide).map_err(|_| LedgerError::Overflow)
}

/// Checked sum.
pub(super) fn sum(one: i64, other: i64) -> Result<i64, LedgerError> {
    one.checked_add(other).ok_or(LedgerError::Overflow)
}

/// Checked difference.
pub(super) fn difference(one: i64, other: i64) -> Result<i64, LedgerError> {
    one.checked_sub(other).ok_or(LedgerError::Overflow)
}

fn parse(text: &str, places: u32) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let fraction_length = u32::try_from(fraction.map_or(0, str::len)).ok()?;
    if !numeric(whole) || !fraction.is_none_or(numeric) || fraction_length > places {
        return None;
    }
    let scaled = format!("{whole}{}", fraction.unwrap_or_default()).parse::<i64>().ok()?;
    let value = scaled.checked_mul(10_i64.checked_pow(places - fraction_length)?)?;
    Some(if negative { -value } else { value })
}

/// With at least `shown` places, and no zeros at the end beyond these.
fn decimal(value: i64, places: u32, shown: usize) -> String {
    let scale = 10_u64.pow(places);
    let (whole, fraction) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    let digits = format!("{fraction:0width$}", width = places as usize);
    let kept = digits.trim_end_matches('0').len().max(shown);
    let sign = if value < 0 { "-" } else { "" };
    let point = if kept > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{}", digits.get(..kept).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_exactly_or_not_at_all() {
        for (text, value) in [("12.5", 125_000), ("-0.0001", -1), ("0", 0), ("007", 70_000)] {
            assert_eq!(Price::parse(text), Some(Price(value)), "{text}");
        }
        for text in ["", ".", "1.", ".5", "1.23456", "+1", "1e3", "1,5", " 1", "--1", "99999999999999999999", "NaN"] {
            assert_eq!(Price::parse(text), None, "{text}");
        }
    }

    #[test]
    fn shown_texts_are_read_back() {
        for value in [0, 1, -1, 10_000, 123_456, -123_400, i64::MAX] {
            assert_eq!(Price::parse(&Price(value).to_string()), Some(Price(value)));
            assert_eq!(Money::parse(&Money(value).to_string()), Some(Money(value)));
        }
        assert_eq!(Price(125_000).to_string(), "12.50");
        assert_eq!(Quantity(-20_000).to_string(), "-2");
        assert_eq!(Money(-1_234_567_890).to_string(), "-12.3456789");
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (number, wanted) in [(5, 0), (15, 2), (25, 2), (-5, 0), (-15, -2), (-25, -2), (26, 3), (-26, -3), (14, 1)] {
            assert_eq!(half_even(number, 10), wanted, "{number}");
        }
        assert_eq!(Money(1_500_000).minor(), 2);
        assert_eq!(Money(2_500_000).minor(), 2);
        assert_eq!(Money(-2_500_001).minor(), -3);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert_eq!(notional(Price(i64::MAX), Quantity(2)), Err(LedgerError::Overflow));
        assert_eq!(notional(Price(12_500), Quantity(-4)), Ok(Money(-50_000)));
    }
}
