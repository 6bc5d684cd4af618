//! What is wrong with a request, field by field. In come texts; out go values, and a problem that names every mistake. Pure.
//! Must not repeat a text in what it says about it.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use uuid::Uuid;

use super::Problem;
use super::catalogue::INVALID_VALUE;
use crate::http::strict_uuid;
use crate::text::is_invisible;

/// A mistake in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is, a JSON pointer.
    pub pointer: Cow<'static, str>,
    /// What would be right.
    pub detail: String,
}

/// Every mistake of a request, so that a caller hears of all at once. The methods return what was typed, trimmed, right or wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// One more; `pointer` is where, `detail` what would be right.
    pub fn add(&mut self, pointer: impl Into<Cow<'static, str>>, detail: impl Into<String>) {
        self.0.push(Mistake { pointer: pointer.into(), detail: detail.into() });
    }

    /// An identifier: a UUID of 36 characters.
    pub fn id(&mut self, pointer: &'static str, typed: &str) -> Uuid {
        strict_uuid(typed).unwrap_or_else(|| {
            self.add(pointer, "must be an identifier: a UUID of 36 characters");
            Uuid::nil()
        })
    }

    /// One line of text for people: 1 to `most` characters, all of which can be seen.
    pub fn line(&mut self, pointer: &'static str, typed: &str, most: usize) -> String {
        self.checked(pointer, typed, most, |c| c.is_control() || is_invisible(c), "characters that can't be shown")
    }

    /// The same for a text that may be left out; a blank one counts as left out, as forms send it, unless it is too long for that too.
    pub fn optional_line(&mut self, pointer: &'static str, typed: Option<&str>, most: usize) -> Option<String> {
        typed.filter(|text| is_given(text, most)).map(|text| self.line(pointer, text, most))
    }

    /// Text over several lines: 1 to `most` characters; of those that can't be seen only line ends and tabs.
    pub fn text(&mut self, pointer: &'static str, typed: &str, most: usize) -> String {
        let hidden = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || is_invisible(c);
        self.checked(pointer, typed, most, hidden, "characters that can't be shown")
    }

    /// Text as visitors type it, joiners of emoji and all: 1 to `most` characters, without control characters. `lines`: whether it may
    /// have several.
    pub fn prose(&mut self, pointer: &'static str, typed: &str, most: usize, lines: bool) -> String {
        let control = |c: char| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'));
        self.checked(pointer, typed, most, control, "control characters")
    }

    /// The same, in one line, for a text that may be left out.
    pub fn optional_prose(&mut self, pointer: &'static str, typed: Option<&str>, most: usize) -> Option<String> {
        typed.filter(|text| is_given(text, most)).map(|text| self.prose(pointer, text, most, false))
    }

    fn checked(
        &mut self,
        at: &'static str,
        typed: &str,
        most: usize,
        wrong: impl Fn(char) -> bool,
        what: &str,
    ) -> String {
        let text = typed.trim();
        // What surrounds a text counts too: a document that says how long it may be means what is sent.
        if text.is_empty() || typed.chars().count() > most {
            self.add(at, format!("must have 1 to {most} characters"));
        } else if text.chars().any(wrong) {
            self.add(at, format!("must not hold {what}"));
        }
        text.to_owned()
    }

    /// A word for machines: 1 to `most` of letters, digits, `-`, `_` and `.`.
    pub fn word(&mut self, pointer: &'static str, typed: &str, most: usize) -> String {
        let word = typed.trim();
        let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if word.is_empty() || typed.chars().count() > most || !is_plain {
            self.add(pointer, format!("must have 1 to {most} letters, digits, hyphens, underscores or dots"));
        }
        word.to_owned()
    }

    /// A short name for machines, for good: a letter, then letters, digits and hyphens, 2 to 63 in all, small ones. Not trimmed.
    pub fn code(&mut self, pointer: &'static str, typed: &str) -> String {
        let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins = typed.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if !begins || !(2..=63).contains(&typed.len()) || !typed.bytes().all(small) {
            self.add(pointer, "must have 2 to 63 small letters, digits and hyphens, a letter first");
        }
        typed.to_owned()
    }

    /// A number within bounds.
    pub fn number(&mut self, pointer: &'static str, typed: i32, bounds: RangeInclusive<i32>) -> i32 {
        if !bounds.contains(&typed) {
            self.add(pointer, format!("must be {} to {}", bounds.start(), bounds.end()));
        }
        typed
    }

    /// # Errors
    /// The mistakes, if there are any.
    pub fn finish<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// Whether somebody has typed something, if only too much.
fn is_given(text: &str, most: usize) -> bool {
    !text.trim().is_empty() || text.chars().count() > most
}

impl From<Mistakes> for Problem {
    fn from(mistakes: Mistakes) -> Self {
        let all = mistakes.0.into_iter();
        all.fold(Self::new(INVALID_VALUE), |problem, mistake| problem.field(&mistake.pointer, mistake.detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine(read: impl FnOnce(&mut Mistakes) -> String) -> bool {
        let mut mistakes = Mistakes::default();
        let _ = read(&mut mistakes);
        mistakes.finish(()).is_ok()
    }

    #[test]
    fn lines_have_bounds() {
        let long = "12345678901234567890x";
        for (typed, right) in
            [("10 Downing Street", true), (" Straße 1 ", true), ("東京都", true), ("", false), (" \t ", false)]
        {
            assert_eq!(fine(|m| m.line("/x", typed, 20)), right, "{typed:?}");
        }
        for typed in ["a\nb", "a\u{202e}b", long] {
            assert!(!fine(|m| m.line("/x", typed, 20)), "{typed:?}");
        }
        assert_eq!(Mistakes::default().line("/x", " a ", 20), "a");
        assert!(!fine(|m| m.line("/x", &format!("a{}", " ".repeat(20)), 20)), "what surrounds it counts");
    }

    #[test]
    fn prose_is_what_visitors_type_and_text_is_what_can_be_seen() {
        for (typed, lines, right) in [
            ("  Ann O'Brien-Lee  ", false, true),
            ("👩\u{200d}👧", false, true),
            ("a\nb", false, false),
            ("a\r\nb\tc", true, true),
            ("a\0b", true, false),
            ("a\u{1b}[31mb", true, false),
        ] {
            assert_eq!(fine(|m| m.prose("/x", typed, 20, lines)), right, "{typed:?}");
        }
        for (typed, right) in [("What is\n\ta spread?", true), ("a\u{0}b", false), ("a\u{200b}b", false), ("\n", false)]
        {
            assert_eq!(fine(|m| m.text("/x", typed, 40)), right, "{typed:?}");
        }
    }

    #[test]
    fn names_for_machines_are_plain() {
        for (typed, right) in
            [("exit-intent", true), ("hero_2.b", true), (" hero ", true), ("", false), ("a b", false), ("ä", false)]
        {
            assert_eq!(fine(|m| m.word("/x", typed, 64)), right, "{typed:?}");
        }
        for (typed, right) in [("risk-1", true), ("r", false), ("1risk", false), ("Risk", false), ("ri sk", false)] {
            assert_eq!(fine(|m| m.code("/x", typed)), right, "{typed:?}");
        }
    }

    #[test]
    fn blank_is_left_out() {
        let mut mistakes = Mistakes::default();
        assert_eq!(mistakes.optional_line("/x", Some(" "), 5), None);
        assert_eq!(mistakes.optional_prose("/x", Some(" Ann "), 5), Some("Ann".to_owned()));
        assert_eq!(mistakes.finish(()), Ok(()));
        let mut mistakes = Mistakes::default();
        let _ = mistakes.optional_line("/x", Some("      "), 5);
        assert!(mistakes.finish(()).is_err(), "too long is too long");
    }
}
