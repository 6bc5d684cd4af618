//! A span of time that is counted over. In come two texts; out goes a checked span. Pure.

use jiff::{SignedDuration, Timestamp};

/// How far back, unless told otherwise.
const USUAL: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The longest span: what is counted is read.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// From its beginning up to, and without, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The beginning.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
}

impl Span {
    /// Reads times such as `2026-11-01T00:00:00Z`. Without an end it is `now`, without a beginning 30 days before the end.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self, &'static str> {
        let time = |text: &str| {
            text.parse::<Timestamp>().map_err(|_| "`from` and `to` must be times such as 2026-11-01T00:00:00Z")
        };
        let to = to.map_or(Ok(now), time)?;
        let before = to.checked_sub(USUAL).map_err(|_| "`to` is too early")?;
        let from = from.map_or(Ok(before), time)?;
        if from < to && to.duration_since(from) <= LONGEST {
            return Ok(Self { from, to });
        }
        Err("`from` must be before `to`, by 366 days at most")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_an_end_and_bounds() {
        let now: Timestamp = "2026-11-27T00:00:00Z".parse().unwrap();
        let span = Span::parse(None, None, now).unwrap();
        assert_eq!((span.from.to_string().as_str(), span.to), ("2026-10-28T00:00:00Z", now));
        assert!(Span::parse(Some("2025-11-27T00:00:00Z"), None, now).is_ok());
        for (from, to) in [
            (Some("2025-11-01T00:00:00Z"), None),
            (Some("2026-11-28T00:00:00Z"), None),
            (Some("yesterday"), None),
            (None, Some("2026-11-27")),
        ] {
            assert!(Span::parse(from, to, now).is_err(), "{from:?} {to:?}");
        }
    }
}
