//! Currencies. In comes a code as somebody typed it; out goes the one way of writing it. Pure.

/// A currency of ISO 4217, as Stripe writes it: three small letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_three_letters_in_whatever_case() {
        for typed in ["usd", "USD", "Usd"] {
            assert_eq!(Currency::parse(typed).unwrap().code(), "usd", "{typed}");
        }
        for other in ["", "us", "usdt", "u$d", "ü1"] {
            assert_eq!(Currency::parse(other), None, "{other}");
        }
    }
}
