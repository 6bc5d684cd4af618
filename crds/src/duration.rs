//! Lengths of time as people write them in specs: `500ms`, `10m`, `24h`, `1h30m`.
//!
//! In: text that the schema has already bounded. Out: `std::time::Duration`. Decoding never fails, so that an object with a bad
//! duration (written before the schema knew better) still reaches the controller, which then says so in a condition.

use std::{borrow::Cow, fmt, time};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Text of a duration: one or more of a whole number with a unit `ms`, `s`, `m` or `h`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Duration(String);

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a duration; write a whole number with a unit, for example 500ms, 30s, 10m or 24h")]
pub struct DurationError {
    text: String,
}

impl Duration {
    /// Wraps a text without looking at it; `parse` judges.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The length of time. Errors name the text and show what a duration looks like; sums beyond `u64` milliseconds are errors too.
    pub fn parse(&self) -> Result<time::Duration, DurationError> {
        let error = || DurationError { text: self.0.clone() };
        let mut rest = self.0.as_str();
        let mut total: u64 = 0;
        if rest.is_empty() {
            return Err(error());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
            let amount: u64 = rest[..digits].parse().map_err(|_| error())?;
            rest = &rest[digits..];
            let (unit, after) = unit(rest).ok_or_else(error)?;
            total = amount.checked_mul(unit).and_then(|ms| total.checked_add(ms)).ok_or_else(error)?;
            rest = after;
        }
        Ok(time::Duration::from_millis(total))
    }
}

/// Milliseconds of the unit at the start of `text`, and what follows it.
fn unit(text: &str) -> Option<(u64, &str)> {
    // `ms` before `m`: the longer unit wins.
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)]
        .into_iter()
        .find_map(|(name, ms)| text.strip_prefix(name).map(|after| (ms, after)))
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": 2, "maxLength": 24, "pattern": "^([0-9]+(ms|s|m|h))+$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, ms) in [("500ms", 500), ("10m", 600_000), ("24h", 86_400_000), ("1h30m", 5_400_000), ("0s", 0)] {
            assert_eq!(Duration::new(text).parse(), Ok(time::Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest_with_an_example() {
        for text in ["", "10", "ten minutes", "5 m", "-1s", "1.5h", "m", "99999999999999999999h"] {
            let error = Duration::new(text).parse().unwrap_err();
            assert!(error.to_string().contains("for example 500ms"), "{text}: {error}");
        }
    }
}
