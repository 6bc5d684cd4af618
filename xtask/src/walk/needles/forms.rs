//! What is looked for, and in how many ways it may be written. In: a person's data. Out: texts to find, in small letters. Pure.

use std::collections::BTreeSet;

use data_encoding::{BASE64, BASE64URL};

/// A text shorter than this is found everywhere by chance.
const SHORTEST: usize = 8;

/// What a needle says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Email,
    Phone,
    Name,
    Street,
    Message,
}

impl Kind {
    /// For people.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Email => "an email address",
            Self::Phone => "a telephone number",
            Self::Name => "a name",
            Self::Street => "a street",
            Self::Message => "a message",
        }
    }
}

/// Something of a person that must not lie about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    pub(super) kind: Kind,
    pub(super) text: String,
}

impl Needle {
    pub(super) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// Ways to write it, in small letters: as it is, for an address bar and a form, a telephone without its plus, in JSON that escapes what isn't a letter, in hex,
    /// and inside something in base64, at each of the three places where it can begin there.
    pub(super) fn forms(&self) -> BTreeSet<String> {
        let text = self.text.trim();
        let mut forms =
            BTreeSet::from([text.to_owned(), percent(text), percent(text).replace("%20", "+"), escaped(text)]);
        forms.insert(text.trim_start_matches('+').to_owned());
        forms.insert(hex::encode(text));
        for skip in 0..3_usize {
            forms.extend(base64(text, skip));
        }
        forms.into_iter().map(|form| form.to_lowercase()).filter(|form| form.len() >= SHORTEST).collect()
    }
}

/// All but letters and digits, as `encodeURIComponent` and stricter ones do.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => all + &char::from(byte).to_string(),
        _ => all + &format!("%{byte:02X}"),
    })
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |all, c| {
        if c.is_ascii_alphanumeric() || c == ' ' {
            all + &c.to_string()
        } else {
            all + &format!("\\u{:04x}", u32::from(c))
        }
    })
}

/// What of the text is sure to be there when it stands `skip` bytes behind a multiple of three: the characters at both ends depend on neighbours.
fn base64(text: &str, skip: usize) -> [String; 2] {
    let padded: Vec<u8> = std::iter::repeat_n(0_u8, skip).chain(text.bytes()).collect();
    let from = (skip * 8).div_ceil(6);
    let to = padded.len() * 8 / 6;
    let inner = |encoded: String| encoded.get(from..to).unwrap_or_default().to_owned();
    [inner(BASE64.encode(&padded)), inner(BASE64URL.encode(&padded))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(needle: &Needle, hay: &str) -> bool {
        let hay = hay.to_lowercase();
        needle.forms().iter().any(|form| hay.contains(form.as_str()))
    }

    #[test]
    fn it_is_found_however_it_is_written() {
        let email = Needle::new(Kind::Email, "Needle+1@Example.com");
        for hay in [
            "NEEDLE+1@EXAMPLE.COM",
            "/email/needle%2b1%40example.com/x",
            r#"{"email":"needle\u002b1\u0040example\u002ecom"}"#,
            &hex::encode("needle+1@example.com".replace("needle", "Needle").replace("example", "Example")),
        ] {
            assert!(is_found(&email, hay), "{hay}");
        }
        for before in ["", "a", "ab", "abc", "{\"e\":\""] {
            let hay = BASE64.encode(format!("{before}Needle+1@Example.com\"}}").as_bytes());
            assert!(is_found(&email, &hay), "{before}: {hay}");
        }
        let phone = Needle::new(Kind::Phone, "+491701234567");
        assert!(is_found(&phone, "tel:491701234567") && is_found(&phone, "%2B491701234567"));
        assert!(is_found(&Needle::new(Kind::Street, "Needle Street 7"), "street=needle+street+7&x"));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let phone = Needle::new(Kind::Phone, "+491701234567");
        for hay in ["", "+491701234568", "0191f7a1-3f0c-7000-8000-000000000001", "NDkxNzAxMjM0"] {
            assert!(!is_found(&phone, hay), "{hay}");
        }
        assert!(
            Needle::new(Kind::Name, "Ann").forms().iter().all(|form| form.len() >= SHORTEST),
            "too short to look for"
        );
    }
}
