//! Decimal texts and the integers they stand for. In come texts such as `12.5` and a number of decimal places; out go integers of the last
//! place, and back. Must not touch floating point.

/// The most decimal places there are.
pub const MOST: i16 = 8;

/// The integer that a text stands for at so many decimal places. No exponent, no plus, no more places than that.
#[must_use]
pub fn parse(text: &str, places: i16) -> Option<i64> {
    let places = usize::try_from(places).ok()?;
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let given = fraction.unwrap_or_default();
    if !numeric(whole) || !fraction.is_none_or(numeric) || given.len() > places {
        return None;
    }
    let value: i64 = format!("{whole}{given:0<places$}").parse().ok()?;
    Some(if negative { -value } else { value })
}

/// The text of an integer at so many decimal places, all of them shown.
#[must_use]
pub fn show(value: i64, places: i16) -> String {
    let places = usize::try_from(places).unwrap_or_default();
    let digits = format!("{:0width$}", value.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let (sign, point) = (if value < 0 { "-" } else { "" }, if places > 0 { "." } else { "" });
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_read_exactly_or_not_at_all() {
        for (text, places, value) in [
            ("12.5", 2, 1250),
            ("-0.01", 2, -1),
            ("0", 0, 0),
            ("007", 1, 70),
            ("3", 0, 3),
            ("1.00000001", 8, 100_000_001),
        ] {
            assert_eq!(parse(text, places), Some(value), "{text}");
        }
        for text in ["", ".", "1.", ".5", "1.234", "+1", "1e3", "1,5", " 1", "--1", "99999999999999999999", "NaN", "١"]
        {
            assert_eq!(parse(text, 2), None, "{text}");
        }
        assert_eq!(parse("1.5", 0), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(value in -i64::MAX..=i64::MAX, places in 0..=MOST) {
            prop_assert_eq!(parse(&show(value, places), places), Some(value));
        }
    }
}
