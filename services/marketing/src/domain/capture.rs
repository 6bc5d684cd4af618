//! An address left in one of the website's forms. In come typed texts; out goes a checked capture. Pure.

use serde::Serialize;

use super::{consent, text};
use rerp_kit::problem::Mistakes;

/// Longest name in characters.
const NAME: usize = 200;
/// Longest source and plan code.
const WORD: usize = 64;

/// What a visitor left, checked. Serialises to what tells one request from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capture {
    /// Which form: `hero`, `exit-intent`, `free-trial`, …
    pub source: String,
    /// The visitor's name, if it was given.
    pub name: Option<String>,
    /// The plan the form was about.
    pub plan_code: Option<String>,
    /// The visitor's company, as typed, if it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The version of the text that the visitor agreed to, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
}

impl Capture {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(
        source: &str,
        name: Option<&str>,
        plan_code: Option<&str>,
        company: Option<&str>,
    ) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let capture = Self {
            source: mistakes.word("/source", source, WORD),
            name: mistakes.optional_prose("/name", name, NAME),
            plan_code: plan_code
                .filter(|code| !code.trim().is_empty() || code.len() > WORD)
                .map(|code| mistakes.word("/plan_code", code, WORD)),
            company: text::company(&mut mistakes, "/company", company),
            consent: None,
        };
        mistakes.finish(capture)
    }

    /// The same from a visitor who agreed to the text of this version.
    ///
    /// # Errors
    /// This is no version.
    pub fn consenting(self, version: Option<&str>) -> Result<Self, Mistakes> {
        Ok(Self { consent: consent::given(version)?, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_told() {
        let mistakes = Capture::new("", Some("a\0"), Some("free trial"), Some("Ac\0me")).unwrap_err();
        let pointers: Vec<_> = mistakes.0.iter().map(|mistake| mistake.pointer.as_ref()).collect();
        assert_eq!(pointers, ["/source", "/name", "/plan_code", "/company"]);
        assert!(Capture::new("hero", None, Some(""), None).is_ok_and(|capture| capture.plan_code.is_none()));
    }
}
