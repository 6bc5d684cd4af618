//! What is offered, as whoever runs the platform declares it. In come texts; out goes a checked declaration or every mistake in it. Pure.

use super::money::Currency;

/// Most prices of a plan.
const MOST_PRICES: usize = 40;
/// Largest amount, minor units: what JavaScript still counts exactly.
const LARGEST: i64 = 9_007_199_254_740_991;
/// Longest trial, days: Stripe's.
const LONGEST_TRIAL: i16 = 730;

/// How often a price is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// Every month.
    Month,
    /// Every year.
    Year,
}

impl Interval {
    /// Its name, at Stripe, in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Month, Self::Year].into_iter().find(|interval| interval.name() == name)
    }
}

/// A price that is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Minor units.
    pub amount: i64,
    /// Of what.
    pub currency: Currency,
    /// How often.
    pub interval: Interval,
}

/// A plan that is declared: what isn't in it any more is not offered any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its short name, for programs.
    pub code: String,
    /// Its name, for people.
    pub name: String,
    /// How long a new customer may try it, days.
    pub trial_days: i16,
    /// What it costs; none retires the plan.
    pub prices: Vec<Price>,
}

/// A mistake: where it is, a JSON pointer, and what would be right.
pub type Mistake = (String, &'static str);

impl Declared {
    /// Checks a declaration; prices are amount, currency and interval.
    ///
    /// # Errors
    /// Every mistake.
    pub fn new(code: &str, name: &str, trial_days: i16, prices: &[(i64, &str, &str)]) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut wrong = |at: &str, what| mistakes.push((at.to_owned(), what));
        if !is_code(code) {
            wrong("/code", "must be 2 to 63 of a-z, 0-9 and hyphens, a letter first");
        }
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            wrong("/name", "must have 1 to 100 characters, without control characters");
        }
        if !(0..=LONGEST_TRIAL).contains(&trial_days) {
            wrong("/trial_days", "must be 0 to 730");
        }
        if prices.len() > MOST_PRICES {
            wrong("/prices", "at most 40");
        }
        let mut checked: Vec<Price> = Vec::new();
        for (at, &(amount, currency, interval)) in prices.iter().enumerate() {
            if !(0..=LARGEST).contains(&amount) {
                wrong(&format!("/prices/{at}/amount"), "must be minor units from 0 to 9007199254740991");
            }
            let (currency, interval) = (Currency::parse(currency), Interval::parse(interval));
            if currency.is_none() {
                wrong(&format!("/prices/{at}/currency"), "must be a currency of ISO 4217, such as eur");
            }
            if interval.is_none() {
                wrong(&format!("/prices/{at}/interval"), "must be month or year");
            }
            let Some((currency, interval)) = currency.zip(interval) else { continue };
            if checked.iter().any(|price| (price.currency, price.interval) == (currency, interval)) {
                wrong(&format!("/prices/{at}"), "there is another price for this currency and interval");
            }
            checked.push(Price { amount, currency, interval });
        }
        let declared = Self { code: code.to_owned(), name: name.to_owned(), trial_days, prices: checked };
        if mistakes.is_empty() { Ok(declared) } else { Err(mistakes) }
    }
}

fn is_code(code: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (2..=63).contains(&code.len())
        && code.starts_with(|first: char| first.is_ascii_lowercase())
        && code.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_at_once() {
        let prices = [(-1, "eur", "month"), (1, "euro", "week"), (1, "usd", "year"), (2, "USD", "year")];
        let mistakes = Declared::new("Pro", " ", 731, &prices).unwrap_err();
        let pointers: Vec<_> = mistakes.iter().map(|(at, _)| at.as_str()).collect();
        let expected = [
            "/code",
            "/name",
            "/trial_days",
            "/prices/0/amount",
            "/prices/1/currency",
            "/prices/1/interval",
            "/prices/3",
        ];
        assert_eq!(pointers, expected);
    }

    #[test]
    fn a_declaration_is_kept_as_it_is_meant() {
        let declared = Declared::new("pro-2", " Pro ", 14, &[(1900, "EUR", "month")]).unwrap();
        assert_eq!((declared.name.as_str(), declared.prices[0].currency.code()), ("Pro", "eur"));
        assert!(Declared::new("pro", "Pro", 0, &[]).is_ok(), "without prices it is retired");
    }
}
