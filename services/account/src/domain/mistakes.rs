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

    /// The same for a text that may be left out; a blank one counts as left out, as forms send it.
    pub(super) fn optional_line(&mut self, pointer: &'static str, typed: Option<&str>, most: usize) -> Option<String> {
        typed.filter(|text| !text.trim().is_empty()).map(|text| self.line(pointer, text, most))
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
        let mut mistakes = Mistakes::default();
        assert_eq!(mistakes.optional_line("/x", Some(" "), 5), None);
        assert_eq!(mistakes.finish(()), Ok(()));
    }
}
