//! People: names, phone numbers, what they write. In: a stream of chance. Out: text.

use super::rng::Rng;
use super::words::{CITIES, FIRST, LAST, LOCAL_FIRST, MESSAGES, PHONES, PLANS, SOURCES, STREETS};

/// A given name; one in fifty people gave none.
pub fn first_name(rng: &mut Rng) -> Option<String> {
    (!rng.chance(20)).then(|| rng.pick(FIRST).to_owned())
}

/// A family name; some cultures and some forms have none.
pub fn last_name(rng: &mut Rng) -> Option<String> {
    (!rng.chance(40)).then(|| rng.pick(LAST).to_owned())
}

/// A name as typed into one field.
pub fn full_name(rng: &mut Rng) -> String {
    format!("{} {}", rng.pick(FIRST), rng.pick(LAST))
}

/// The start of a user name: plain letters.
pub fn handle(rng: &mut Rng) -> &'static str {
    rng.pick(LOCAL_FIRST)
}

/// A number in E.164 form and its country calling code, from ranges kept for fiction and tests.
pub fn phone(rng: &mut Rng) -> (String, String) {
    let (code, prefix, digits) = rng.pick(PHONES);
    let rest: String =
        (0..digits).map(|_| char::from(b'0' + u8::try_from(rng.below(10)).unwrap_or_default())).collect();
    (format!("+{code}{prefix}{rest}"), format!("+{code}"))
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the parts' names
pub struct Place {
    pub street: String,
    pub city: &'static str,
    pub postal_code: String,
    pub country: &'static str,
}

/// Where somebody is: a real city, a street that may not be there.
pub fn address(rng: &mut Rng) -> Place {
    let street = format!("{} {}", rng.pick(STREETS), 1 + rng.below(200));
    let (city, country) = rng.pick(CITIES);
    Place { street, city, postal_code: format!("{:05}", rng.below(100_000)), country }
}

/// Where a lead came from.
pub fn source(rng: &mut Rng) -> &'static str {
    rng.pick(SOURCES)
}

/// A plan a lead named; most name none.
pub fn plan_code(rng: &mut Rng) -> Option<&'static str> {
    rng.chance(250).then(|| rng.pick(PLANS))
}

/// What somebody wrote; one in a hundred writes a lot.
pub fn message(rng: &mut Rng) -> String {
    let text = rng.pick(MESSAGES);
    if rng.chance(10) { text.repeat(20) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_e164() {
        for i in 0..2_000 {
            let (number, code) = phone(&mut Rng::of(3, "p", i));
            assert!(number.starts_with(&code), "{number}");
            let digits = &number[1..];
            assert!((8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()), "{number}");
        }
    }

    #[test]
    fn some_people_have_one_name_only() {
        let missing = (0..5_000).filter(|i| last_name(&mut Rng::of(3, "n", *i)).is_none()).count();
        assert!((100..350).contains(&missing), "{missing}");
    }
}
