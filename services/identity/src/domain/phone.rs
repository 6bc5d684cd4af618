//! The canonical form of a telephone number: E.164, as the plans of the world's countries have it. In comes what was
//! typed; out goes the form that is stored and compared. Pure.

use std::ops::RangeInclusive;

use phonenumber::Mode;

/// How many digits a number has with the code of its country: at most those of E.164; no country has fewer.
const DIGITS: RangeInclusive<usize> = 4..=15;

/// A number in E.164, such as `+491701234567`. Not shown by `Debug`: it is personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// What is wrong with a number. Says so without repeating it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// No number, or one without its country.
    #[error("the number must begin with + and the code of its country")]
    NotInternational,
    /// The country's plan has no such number.
    #[error("no country has such a number")]
    Unknown,
}

impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneNumber")
    }
}

impl PhoneNumber {
    /// The canonical form of what was typed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, PhoneError> {
        let text = typed.trim();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if !text.starts_with('+') || text.len() > 40 || !DIGITS.contains(&digits) {
            return Err(PhoneError::NotInternational);
        }
        let number = phonenumber::parse(None, text).map_err(|_| PhoneError::NotInternational)?;
        if !number.is_valid() {
            return Err(PhoneError::Unknown);
        }
        Ok(Self(number.format().mode(Mode::E164).to_string()))
    }

    /// The canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_form() {
        for typed in ["+49 170 1234567", "+49-170-1234567", " +49 (170) 1234567 "] {
            assert_eq!(PhoneNumber::parse(typed).unwrap().as_str(), "+491701234567", "{typed}");
        }
        assert_eq!(PhoneNumber::parse("+1 650-253-0000").unwrap().as_str(), "+16502530000");
    }

    #[test]
    fn what_no_plan_has_is_refused() {
        for bad in ["", "0170 1234567", "+", "+49", "hello", "+(((", "+4917012345671234"] {
            assert_eq!(PhoneNumber::parse(bad), Err(PhoneError::NotInternational), "{bad}");
        }
        for bad in ["+1 123", "+49 1", "+1 000 000 0000"] {
            assert!(PhoneNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
