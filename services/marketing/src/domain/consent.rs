//! What visitors agree to. In come versions and texts; out go checked ones. Pure.

use rerp_kit::problem::Mistakes;

/// Longest version.
const VERSION: usize = 64;
/// Longest text in characters.
const TEXT: usize = 20_000;

/// The version in a form; a blank one counts as left out, as forms send it.
///
/// # Errors
/// This is no version.
pub fn given(version: Option<&str>) -> Result<Option<String>, Mistakes> {
    let mut mistakes = Mistakes::default();
    let version = version
        .filter(|text| !text.trim().is_empty() || text.len() > VERSION)
        .map(|text| mistakes.word("/consent", text, VERSION));
    mistakes.finish(version)
}

/// A text that visitors can agree to, under its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentText {
    /// Its name, such as `newsletter-2026-11`.
    pub version: String,
    /// What they read.
    pub text: String,
}

impl ConsentText {
    /// Checks what was declared.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(version: &str, text: &str) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let declared =
            Self { version: mistakes.word("/version", version, VERSION), text: mistakes.text("/text", text, TEXT) };
        mistakes.finish(declared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_field_is_no_consent() {
        assert_eq!(given(None), Ok(None));
        assert_eq!(given(Some(" ")), Ok(None));
        assert_eq!(given(Some("news-1")), Ok(Some("news-1".to_owned())));
        assert!(given(Some("true!")).is_err());
        assert!(ConsentText::new("news-1", "I want\nmail.").is_ok());
        assert_eq!(ConsentText::new("", "").unwrap_err().0.len(), 2);
    }
}
