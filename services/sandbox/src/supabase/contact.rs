//! Addresses and numbers as GoTrue takes them. In: what was typed. Out: the form that is kept, or why not.

use super::params::Params;
use super::refusal::Refusal;

/// Longest address, in bytes.
const LONGEST: usize = 255;

/// Where somebody is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Contact {
    /// An address, in small letters.
    Email(String),
    /// A number, without `+`.
    Phone(String),
}

impl Contact {
    /// What GoTrue calls the way to prove it.
    pub(super) fn provider(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Phone(_) => "phone",
        }
    }

    /// The one that a body names; none if it names none. `both` is said when it names two.
    pub(super) fn of(params: &Params, both: &str) -> Result<Option<Self>, Refusal> {
        match (params.text("email")?, params.text("phone")?) {
            ("", "") => Ok(None),
            (address, "") => email(address).map(Self::Email).map(Some),
            ("", number) => phone(number).map(Self::Phone).map(Some),
            _ => Err(Refusal::invalid(both)),
        }
    }
}

/// An address.
pub(super) fn email(text: &str) -> Result<String, Refusal> {
    if text.is_empty() {
        return Err(Refusal::invalid("An email address is required"));
    }
    if text.len() > LONGEST {
        return Err(Refusal::invalid("An email address is too long"));
    }
    if text.split_once('@').is_some_and(|(local, domain)| is_local(local) && domain.split('.').all(is_label)) {
        Ok(text.to_lowercase())
    } else {
        Err(Refusal::invalid("Unable to validate email address: invalid format"))
    }
}

fn is_local(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte))
}

fn is_label(text: &str) -> bool {
    let inside = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (1..=63).contains(&text.len()) && inside && !text.starts_with('-') && !text.ends_with('-')
}

/// A number.
pub(super) fn phone(text: &str) -> Result<String, Refusal> {
    let digits = text.strip_prefix('+').unwrap_or(text).replace(' ', "");
    let is_number = (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if is_number { Ok(digits) } else { Err(Refusal::invalid("Invalid phone number format (E.164 required)")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_kept_in_one_form() {
        assert_eq!(email("Ann+x@Example.COM").unwrap(), "ann+x@example.com");
        for bad in ["", "ann", "@b.example", "a b@c.example", "a@b@c.example", "a@-b.example", "a@b..example"] {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert_eq!(phone("+49 170 1234567").unwrap(), "491701234567");
        for bad in ["", "+0170", "49x", "1", "1234567890123456"] {
            assert!(phone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_body_names_one_contact() {
        let of = |text: &str| {
            Contact::of(&Params::read(text.as_bytes()).unwrap(), "one").map_err(|r| r.message().to_owned())
        };
        assert_eq!(of(r#"{"email": null}"#), Ok(None));
        assert_eq!(of(r#"{"phone": "+491"}"#), Ok(Some(Contact::Phone("491".to_owned()))));
        assert_eq!(of(r#"{"email": "a@b.example", "phone": "+491"}"#), Err("one".to_owned()));
    }
}
