//! What is offered, as whoever runs the platform declares it. In come texts; out goes a checked declaration or every mistake in it. Pure.

use rerp_kit::problem::Mistakes;
use schemars::JsonSchema;
use serde::Serialize;

use super::currency::Currency;

/// Most prices of a plan.
pub(crate) const MOST_PRICES: usize = 40;
/// Largest amount, minor units: what JavaScript still counts exactly.
pub(crate) const LARGEST: i64 = 9_007_199_254_740_991;
/// Longest trial, days: Stripe's.
pub(crate) const LONGEST_TRIAL: i32 = 730;

/// Most seats of a plan.
pub(crate) const MOST_SEATS: i32 = 100_000;

/// How often a price is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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
    /// How many people may have a role in an account that has it; none: as many as they like.
    pub seats: Option<i32>,
    /// What it costs; none retires the plan.
    pub prices: Vec<Price>,
}

impl Declared {
    /// Checks a declaration; prices are amount, currency and interval.
    ///
    /// # Errors
    /// Every mistake.
    pub fn new(code: &str, name: &str, trial_days: i16, prices: &[(i64, &str, &str)]) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let declared = Self {
            code: mistakes.code("/code", code),
            name: mistakes.line("/name", name, 100),
            trial_days: i16::try_from(mistakes.number("/trial_days", trial_days.into(), 0..=LONGEST_TRIAL))
                .unwrap_or_default(),
            seats: None,
            prices: checked(prices, &mut mistakes),
        };
        mistakes.finish(declared)
    }

    /// The same with so many seats.
    ///
    /// # Errors
    /// There can't be so many.
    pub fn seating(self, seats: Option<i32>) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let seats = seats.map(|seats| mistakes.number("/seats", seats, 1..=MOST_SEATS));
        mistakes.finish(Self { seats, ..self })
    }
}

fn checked(prices: &[(i64, &str, &str)], mistakes: &mut Mistakes) -> Vec<Price> {
    let mut checked: Vec<Price> = Vec::new();
    if prices.len() > MOST_PRICES {
        mistakes.add("/prices", format!("at most {MOST_PRICES}"));
    }
    for (at, &(amount, currency, interval)) in prices.iter().enumerate() {
        if !(0..=LARGEST).contains(&amount) {
            mistakes.add(format!("/prices/{at}/amount"), format!("must be minor units from 0 to {LARGEST}"));
        }
        let (currency, interval) = (Currency::parse(currency), Interval::parse(interval));
        if currency.is_none() {
            mistakes.add(format!("/prices/{at}/currency"), "must be a currency of ISO 4217, such as eur");
        }
        if interval.is_none() {
            mistakes.add(format!("/prices/{at}/interval"), "must be month or year");
        }
        let Some((currency, interval)) = currency.zip(interval) else { continue };
        if checked.iter().any(|price| (price.currency, price.interval) == (currency, interval)) {
            mistakes.add(format!("/prices/{at}"), "there is another price for this currency and interval");
        }
        checked.push(Price { amount, currency, interval });
    }
    checked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_at_once() {
        let prices = [(-1, "eur", "month"), (1, "euro", "week"), (1, "usd", "year"), (2, "USD", "year")];
        let mistakes = Declared::new("Pro", " ", 731, &prices).unwrap_err();
        let pointers: Vec<_> = mistakes.0.iter().map(|mistake| mistake.pointer.as_ref()).collect();
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
        let seating = |seats| declared.clone().seating(seats);
        assert_eq!((seating(None).unwrap().seats, seating(Some(5)).unwrap().seats), (None, Some(5)));
        for wrong in [0, -1, MOST_SEATS + 1] {
            assert_eq!(seating(Some(wrong)).unwrap_err().0[0].pointer.as_ref(), "/seats");
        }
    }
}
