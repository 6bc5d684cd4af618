//! Amounts of money. In come minor units and a currency's code; out go amounts that can't be mixed up, and fair shares of them.
//! Pure. Must not hold a floating point number: a cent that is rounded away is a cent that is missing in the books.

use serde::Serialize;

/// A currency of ISO 4217, as Stripe writes it: three small letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Currencies without minor units at Stripe. ISK and UGX have none either but are written with two zeros there, as if they had.
const WHOLE: [&str; 14] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof"];
/// Also without, in the Pacific.
const WHOLE_TOO: &str = "xpf";
/// Currencies whose minor unit is a thousandth.
const THOUSANDTHS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

impl Currency {
    /// The currency of a code, in whatever case; none if it is not three letters.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphabetic).then(|| Self(bytes.map(|byte| byte.to_ascii_lowercase())))
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal places an amount has when people read it.
    #[must_use]
    pub fn places(self) -> usize {
        let code = self.code();
        if WHOLE.contains(&code) || code == WHOLE_TOO {
            0
        } else if THOUSANDTHS.contains(&code) {
            3
        } else {
            2
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// An amount in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Money {
    /// Minor units; negative ones are owed to the customer.
    pub amount: i64,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// The sum of two amounts of one currency; none for two currencies, or for more than fits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let amount = (self.currency == other.currency).then(|| self.amount.checked_add(other.amount))??;
        Some(Self { amount, ..self })
    }

    /// Shares by weight that add up to the whole: each gets its part rounded down (towards zero), and the units that are left go to
    /// the largest remainders, of equal ones to the first. None without a weight above zero.
    #[must_use]
    pub fn shared(self, weights: &[u32]) -> Option<Vec<Self>> {
        let total: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
        if total == 0 {
            return None;
        }
        let (whole, sign) = (i128::from(self.amount).abs(), i128::from(self.amount.signum()));
        let parts = weights.iter().map(|&weight| whole * i128::from(weight));
        let mut shares: Vec<(i128, i128)> = parts.map(|part| (part / total, part % total)).collect();
        let mut left = whole - shares.iter().map(|(share, _)| share).sum::<i128>();
        let mut order: Vec<usize> = (0..shares.len()).collect();
        // A stable order: of equal remainders the first one stays first.
        order.sort_by_key(|&at| std::cmp::Reverse(shares[at].1));
        for at in order {
            if left == 0 {
                break;
            }
            shares[at].0 += 1;
            left -= 1;
        }
        shares.into_iter().map(|(share, _)| Some(Self { amount: i64::try_from(share * sign).ok()?, ..self })).collect()
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (places, code) = (self.currency.places(), self.currency.code().to_ascii_uppercase());
        let (sign, digits) = (if self.amount < 0 { "-" } else { "" }, self.amount.unsigned_abs().to_string());
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, minor) = digits.split_at(digits.len() - places);
        if places == 0 { write!(f, "{sign}{whole} {code}") } else { write!(f, "{sign}{whole}.{minor} {code}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(amount: i64, code: &str) -> Money {
        Money { amount, currency: Currency::parse(code).unwrap() }
    }

    #[test]
    fn people_read_amounts_with_the_places_of_their_currency() {
        for (amount, code, text) in [
            (1999, "usd", "19.99 USD"),
            (-5, "EUR", "-0.05 EUR"),
            (500, "jpy", "500 JPY"),
            (1, "kwd", "0.001 KWD"),
            (0, "usd", "0.00 USD"),
            (i64::MIN, "usd", "-92233720368547758.08 USD"),
        ] {
            assert_eq!(money(amount, code).to_string(), text);
        }
        for code in ["", "us", "usdt", "u$d", "ü1"] {
            assert_eq!(Currency::parse(code), None, "{code}");
        }
    }

    #[test]
    fn currencies_are_never_added() {
        assert_eq!(money(1, "usd").plus(money(2, "usd")), Some(money(3, "usd")));
        assert_eq!(money(1, "usd").plus(money(2, "eur")), None);
        assert_eq!(money(i64::MAX, "usd").plus(money(1, "usd")), None);
    }

    #[test]
    fn what_is_left_goes_to_the_largest_remainders() {
        let amounts =
            |shares: Option<Vec<Money>>| shares.map(|all| all.iter().map(|one| one.amount).collect::<Vec<_>>());
        assert_eq!(amounts(money(100, "usd").shared(&[1, 1, 1])), Some(vec![34, 33, 33]));
        assert_eq!(amounts(money(-100, "usd").shared(&[1, 1, 1])), Some(vec![-34, -33, -33]));
        assert_eq!(amounts(money(10, "usd").shared(&[1, 5, 0])), Some(vec![2, 8, 0]));
        assert_eq!(amounts(money(10, "usd").shared(&[0, 0])), None);
        assert_eq!(amounts(money(10, "usd").shared(&[])), None);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_none_is_off_by_a_unit(amount: i64, weights in prop::collection::vec(any::<u32>(), 1..9)) {
            let whole = money(amount, "usd");
            let total: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
            let Some(shares) = whole.shared(&weights) else {
                prop_assert_eq!(total, 0);
                return Ok(());
            };
            prop_assert_eq!(shares.iter().map(|share| i128::from(share.amount)).sum::<i128>(), i128::from(amount));
            for (share, &weight) in shares.iter().zip(&weights) {
                let off = i128::from(share.amount) * total - i128::from(amount) * i128::from(weight);
                prop_assert!(off.abs() < total, "{} for {}", share.amount, weight);
            }
        }
    }
}
