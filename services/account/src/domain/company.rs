//! The canonical form of a company's name: one key for all the ways in which people write the same name.
//! In comes what was typed; out go the name to show and the key to compare, or what is wrong. Pure.
//! Must not judge whether a company exists, nor guess that two different names mean one company.
//!
//! | rule | name | key | why |
//! |---|---|---|---|
//! | surrounding whitespace goes, a run of it inside is one space | yes | yes | pasted text, line breaks in forms |
//! | Unicode NFC | yes | | `é` has two spellings |
//! | compatibility caseless matching (Unicode, D146), then NFKC | | yes | `ACME`, `acme` and full-width `ＡＣＭＥ` are one; `Straße` is `STRASSE` |
//! | invisible and direction characters go | but joiners inside | yes | names that look alike must be alike; joiners shape letters in some scripts |
//! | typographic apostrophes and hyphens count as plain ones | | yes | telephones write `O’Brien` for `O'Brien` |
//! | control characters and the mark of a broken encoding refuse | yes | yes | that is not what anybody meant |
//! | a letter or digit at least | | yes | `-` and `n/a.` marks are no names |
//! | what reads as a UUID refuses | | yes | names and identifiers share a path |
//! | 1 to 200 characters, the key at most 1024 bytes | yes | yes | the longest registered names are below it; a key is indexed |
//!
//! Accents, commas and legal forms stay: `Acme`, `Acmé` and `Acme Ltd` are three companies. Folding knows no language:
//! Turkish `İ` is not `i`.

use std::fmt;

use caseless::Caseless as _;
use rerp_kit::text::is_invisible;
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

/// More than this isn't read at all.
const LONGEST_TYPED: usize = 4096;
/// Longest name in characters.
const LONGEST: usize = 200;
/// Longest name and key in bytes: one compatibility character may fold to eighteen others.
const LONGEST_BYTES: usize = 1024;

/// A company's name. Not shown by `Debug`: a sole trader's is that person's.
#[derive(Clone, PartialEq, Eq)]
pub struct CompanyName {
    shown: String,
    key: String,
}

/// What is wrong with a name. Says so without repeating it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing that can be seen was typed.
    #[error("the name is empty")]
    Empty,
    /// Too long.
    #[error("the name is too long: at most {LONGEST} characters")]
    TooLong,
    /// A control character, or the mark of a broken encoding.
    #[error("the name holds a character that can't be shown")]
    Unreadable,
    /// Punctuation only.
    #[error("the name needs a letter or a digit")]
    NoLetter,
    /// It would be taken for an identifier.
    #[error("the name looks like an identifier (a UUID)")]
    Identifier,
}

impl CompanyName {
    /// The canonical form of what was typed. Doing it to a name or to a key gives the same key.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, NameError> {
        if typed.len() > LONGEST_TYPED {
            return Err(NameError::TooLong);
        }
        if typed.chars().any(|c| (c.is_control() && !c.is_whitespace()) || c == '\u{fffd}') {
            return Err(NameError::Unreadable);
        }
        let shown = tidy(typed);
        if shown.is_empty() {
            return Err(NameError::Empty);
        }
        let key = fold(&shown);
        if shown.chars().count() > LONGEST || shown.len() > LONGEST_BYTES || key.len() > LONGEST_BYTES {
            return Err(NameError::TooLong);
        }
        if !key.chars().any(char::is_alphanumeric) {
            return Err(NameError::NoLetter);
        }
        if Uuid::try_parse(&key).is_ok() {
            return Err(NameError::Identifier);
        }
        Ok(Self { shown, key })
    }

    /// The name as it is shown.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// What is compared: equal for all spellings of a name.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for CompanyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CompanyName")
    }
}

/// What is shown: words with one space between them, in NFC, without what can't be seen.
fn tidy(typed: &str) -> String {
    let is_joiner = |c: char| matches!(c, '\u{200c}' | '\u{200d}');
    let word = |word: &str| -> String {
        let inside = word.trim_matches(is_invisible);
        inside.chars().filter(|c| is_joiner(*c) || !is_invisible(*c)).nfc().collect()
    };
    words(typed.split_whitespace().map(word))
}

/// What is compared. Folding and normalising disturb each other, so both are done until nothing changes; twice is enough
/// for everything but a few historic letters.
fn fold(shown: &str) -> String {
    let mut key = shown.to_owned();
    for _ in 0..4 {
        let plain = key.nfd().default_case_fold().nfkd().default_case_fold().filter(|c| !is_invisible(*c)).map(plain);
        let folded = words(plain.nfkc().collect::<String>().split_whitespace().map(str::to_owned));
        if folded == key {
            break;
        }
        key = folded;
    }
    key
}

/// The plain character for a typographic one.
fn plain(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

fn words(words: impl Iterator<Item = String>) -> String {
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use NameError::{Empty, Identifier, NoLetter, TooLong, Unreadable};

    fn parts(typed: &str) -> Result<(String, String), NameError> {
        CompanyName::parse(typed).map(|name| (name.shown, name.key))
    }

    #[test]
    fn names_as_people_write_them() {
        for (typed, shown, key) in [
            ("Acme", "Acme", "acme"),
            ("  ACME \t GmbH\r\n& Co. KG ", "ACME GmbH & Co. KG", "acme gmbh & co. kg"),
            ("\u{feff}Acme\u{200b} Ltd\u{a0}", "Acme Ltd", "acme ltd"),
            ("Ac\u{ad}me\u{202e}", "Acme", "acme"),
            ("ＡＣＭＥ　株式会社", "ＡＣＭＥ 株式会社", "acme 株式会社"),
            ("㈱Acme", "㈱Acme", "(株)acme"),
            ("Cafe\u{301} Zoë", "Café Zoë", "café zoë"),
            ("CAFÉ ZOË", "CAFÉ ZOË", "café zoë"),
            ("Straße 7", "Straße 7", "strasse 7"),
            ("STRASSE 7", "STRASSE 7", "strasse 7"),
            ("ΣΊΣΥΦΟΣ", "ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("Σίσυφος", "Σίσυφος", "σίσυφοσ"),
            ("O’Brien–Lee", "O’Brien–Lee", "o'brien-lee"),
            ("İş", "İş", "i\u{307}ş"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم", "میخواهم"),
            ("AT&T", "AT&T", "at&t"),
            ("3M", "3M", "3m"),
            ("Yahoo!", "Yahoo!", "yahoo!"),
            ("Null", "Null", "null"),
            ("a", "a", "a"),
            (
                "Robert'); DROP TABLE companies;--",
                "Robert'); DROP TABLE companies;--",
                "robert'); drop table companies;--",
            ),
            (
                "0191f7a1-3f0c-7000-8000-00000000000g",
                "0191f7a1-3f0c-7000-8000-00000000000g",
                "0191f7a1-3f0c-7000-8000-00000000000g",
            ),
        ] {
            assert_eq!(parts(typed), Ok((shown.to_owned(), key.to_owned())), "{typed}");
        }
    }

    #[test]
    fn what_no_name_looks_like() {
        let (long, huge, wide) = ("x".repeat(201), "x".repeat(5000), "\u{fdfa}".repeat(100));
        for (typed, expected) in [
            ("", Empty),
            (" \u{200b}\u{feff}\n", Empty),
            ("\u{200d}", Empty),
            ("-", NoLetter),
            ("...", NoLetter),
            ("🎓", NoLetter),
            ("Ac\0me", Unreadable),
            ("Ac\u{1b}[31mme", Unreadable),
            ("Ac\u{fffd}me", Unreadable),
            ("0191f7a1-3f0c-7000-8000-000000000001", Identifier),
            (" 0191F7A1-3F0C-7000-8000-000000000001 ", Identifier),
            ("0191f7a1‐3f0c‐7000‐8000‐000000000001", Identifier),
            ("０191f7a1-3f0c-7000-8000-000000000001", Identifier),
            ("0191f7a13f0c70008000000000000001", Identifier),
            ("{0191f7a1-3f0c-7000-8000-000000000001}", Identifier),
            ("urn:uuid:0191f7a1-3f0c-7000-8000-000000000001", Identifier),
            (&long, TooLong),
            (&huge, TooLong),
            (&wide, TooLong),
        ] {
            assert_eq!(parts(typed), Err(expected), "{typed}");
        }
        assert!(parts(&"ä".repeat(200)).is_ok());
    }

    #[test]
    fn nothing_is_shown_by_accident() {
        assert!(!format!("{:?}", CompanyName::parse("Acme").unwrap()).contains("Acme"));
    }

    proptest::proptest! {
        #[test]
        fn a_name_and_its_key_have_the_same_key(typed in "\\PC{0,40}|.{0,40}") {
            if let Ok(name) = CompanyName::parse(&typed) {
                for again in [name.shown(), name.key()] {
                    let again = CompanyName::parse(again).map(|name| name.key);
                    proptest::prop_assert_eq!(again, Ok(name.key.clone()));
                }
                let shown = CompanyName::parse(name.shown()).map(|name| name.shown);
                proptest::prop_assert_eq!(shown, Ok(name.shown));
            }
        }

        #[test]
        fn letter_case_and_spaces_tell_nobody_apart(words in proptest::collection::vec("[a-z0-9äßéσжя]{1,8}", 1..5)) {
            let plain = CompanyName::parse(&words.join(" ")).unwrap();
            let loud = CompanyName::parse(&format!("  {}\n", words.join("\u{a0} ").to_uppercase())).unwrap();
            proptest::prop_assert_eq!(plain.key, loud.key);
        }
    }
}
