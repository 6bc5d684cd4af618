//! What is wrong with a request, field by field. In come texts; out go values, and a list of mistakes. Pure.
//! Must not repeat a text in what it says about it.

use rerp_kit::http::strict_uuid;
use rerp_kit::text::is_invisible;
use uuid::Uuid;

/// A mistake in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is, a JSON pointer.
    pub pointer: &'static str,
    /// What would be right.
    pub detail: String,
}

/// Every mistake of a request, so that a caller hears of all at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    pub(super) fn add(&mut self, pointer: &'static str, detail: impl Into<String>) {
        self.0.push(Mistake { pointer, detail: detail.into() });
    }

    /// An identifier: a UUID of 36 characters.
    pub(super) fn id(&mut self, pointer: &'static str, typed: &str) -> Uuid {
        strict_uuid(typed).unwrap_or_else(|| {
            self.add(pointer, "must be an identifier: a UUID of 36 characters");
            Uuid::nil()
        })
    }

    /// One line of text for people: trimmed, 1 to `most` characters, all of which can be seen.
    pub(super) fn line(&mut self, pointer: &'static str, typed: &str, most: usize) -> String {
        let text = typed.trim();
        if text.is_empty() || text.chars().count() > most {
            self.add(pointer, format!("must have 1 to {most} characters"));
        } else if text.chars().any(|c| c.is_control() || is_invisible(c)) {
            self.add(pointer, "must not hold characters that can't be shown");
        }
        text.to_owned()
    }

    /// Text for people over several lines: trimmed, 1 to `most` characters; of those that can't be seen only line ends and tabs.
    pub(super) fn text(&mut self, pointer: &'static str, typed: &str, most: usize) -> String {
        let text = typed.trim();
        if text.is_empty() || text.chars().count() > most {
            self.add(pointer, format!("must have 1 to {most} characters"));
        } else if text.chars().any(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || is_invisible(c)) {
            self.add(pointer, "must not hold characters that can't be shown");
        }
        text.to_owned()
    }

    /// A short name for machines: a letter, then letters, digits and hyphens, 2 to 63 in all, small ones.
    pub(super) fn code(&mut self, pointer: &'static str, typed: &str) -> String {
        let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins = typed.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if !begins || !(2..=63).contains(&typed.len()) || !typed.bytes().all(small) {
            self.add(pointer, "must have 2 to 63 small letters, digits and hyphens, a letter first");
        }
        typed.to_owned()
    }

    /// A number within bounds.
    pub(super) fn number(&mut self, pointer: &'static str, typed: i32, bounds: std::ops::RangeInclusive<i32>) -> i32 {
        if !bounds.contains(&typed) {
            self.add(pointer, format!("must be {} to {}", bounds.start(), bounds.end()));
        }
        typed
    }

    /// # Errors
    /// The mistakes, if there are any.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_bounds() {
        for (typed, fine) in [
            ("10 Downing Street", true),
            (" Straße 1 ", true),
            ("東京都", true),
            ("", false),
            (" \t ", false),
            ("a\nb", false),
            ("a\u{202e}b", false),
            ("12345678901234567890x", false),
        ] {
            let mut mistakes = Mistakes::default();
            assert_eq!(mistakes.line("/x", typed, 20), typed.trim());
            assert_eq!(mistakes.finish(()).is_ok(), fine, "{typed:?}");
        }
    }

    #[test]
    fn prompts_may_have_lines_and_codes_may_not() {
        for (typed, fine) in [("What is\n\ta spread?", true), ("a\u{0}b", false), ("a\u{200b}b", false), ("\n", false)]
        {
            let mut mistakes = Mistakes::default();
            mistakes.text("/x", typed, 40);
            assert_eq!(mistakes.finish(()).is_ok(), fine, "{typed:?}");
        }
        for (typed, fine) in [("risk-1", true), ("r", false), ("1risk", false), ("Risk", false), ("ri sk", false)] {
            let mut mistakes = Mistakes::default();
            mistakes.code("/x", typed);
            assert_eq!(mistakes.finish(()).is_ok(), fine, "{typed:?}");
        }
    }
}
