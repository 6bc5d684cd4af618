//! Rules for texts that visitors type. In come texts; out go trimmed ones and a list of what is wrong. Pure.
//! Must not repeat a text in what it says about it.

/// Longest name of a company in characters, as typed.
const COMPANY: usize = 500;

/// A mistake in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is, a JSON pointer.
    pub pointer: &'static str,
    /// What would be right.
    pub detail: String,
}

/// Every mistake of a request, so that a visitor hears of all at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    fn add(&mut self, pointer: &'static str, detail: String) {
        self.0.push(Mistake { pointer, detail });
    }

    /// A text for people: trimmed, 1 to `most` characters, without control characters. `lines`: whether it may have
    /// several.
    pub(super) fn prose(&mut self, pointer: &'static str, typed: &str, most: usize, lines: bool) -> String {
        let text = typed.trim();
        let is_control = |c: char| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'));
        if text.is_empty() || text.chars().count() > most {
            self.add(pointer, format!("must have 1 to {most} characters"));
        } else if text.chars().any(is_control) {
            self.add(pointer, "must not hold control characters".to_owned());
        }
        text.to_owned()
    }

    /// Like [`Mistakes::prose`] for a text that may be left out; a blank one counts as left out, as browsers send it.
    pub(super) fn optional_prose(&mut self, pointer: &'static str, typed: Option<&str>, most: usize) -> Option<String> {
        typed.filter(|text| !text.trim().is_empty()).map(|text| self.prose(pointer, text, most, false))
    }

    /// A company's name that may be left out; one without any letter or digit (`-`, `./.`) counts as left out, as forms with
    /// a field that must be filled get it.
    pub(super) fn company(&mut self, pointer: &'static str, typed: Option<&str>) -> Option<String> {
        let typed = typed.filter(|text| text.chars().any(char::is_alphanumeric));
        self.optional_prose(pointer, typed, COMPANY)
    }

    /// A word for machines: 1 to `most` of letters, digits, `-`, `_` and `.`.
    pub(super) fn word(&mut self, pointer: &'static str, typed: &str, most: usize) -> String {
        let word = typed.trim();
        let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if word.is_empty() || word.len() > most || !is_plain {
            self.add(pointer, format!("must have 1 to {most} letters, digits, hyphens, underscores or dots"));
        }
        word.to_owned()
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
        for (typed, lines, fine) in [
            ("Ann", false, true),
            ("  Ann O'Brien-Lee  ", false, true),
            ("Ånn 🙂", false, true),
            ("", false, false),
            (" \t ", false, false),
            ("a\nb", false, false),
            ("a\r\nb\tc", true, true),
            ("a\0b", true, false),
            ("a\u{1b}[31mb", true, false),
            ("12345678901234567890x", false, false),
        ] {
            let mut mistakes = Mistakes::default();
            let text = mistakes.prose("/x", typed, 20, lines);
            assert_eq!(mistakes.finish(()).is_ok(), fine, "{typed:?}");
            assert_eq!(text, typed.trim());
        }
    }

    #[test]
    fn words_are_for_machines() {
        for (typed, fine) in
            [("exit-intent", true), ("hero_2.b", true), (" hero ", true), ("", false), ("a b", false), ("ä", false)]
        {
            let mut mistakes = Mistakes::default();
            let _ = mistakes.word("/source", typed, 64);
            assert_eq!(mistakes.finish(()).is_ok(), fine, "{typed:?}");
        }
    }

    #[test]
    fn blank_is_left_out() {
        let mut mistakes = Mistakes::default();
        assert_eq!(mistakes.optional_prose("/name", Some(" "), 5), None);
        assert_eq!(mistakes.optional_prose("/name", Some(" Ann "), 5), Some("Ann".to_owned()));
        assert_eq!(mistakes.company("/company", Some(" ./. ")), None);
        assert_eq!(mistakes.company("/company", Some(" 3M ")), Some("3M".to_owned()));
        assert!(mistakes.finish(()).is_ok());
    }
}
