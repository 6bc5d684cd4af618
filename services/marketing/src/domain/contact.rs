//! A message left in the contact form. In come typed texts; out goes a checked message. Pure.

use serde::Serialize;

use super::{consent, text};
use rerp_kit::problem::Mistakes;

/// Longest name in characters.
const NAME: usize = 200;
/// Longest message in characters.
const MESSAGE: usize = 5000;

/// What a visitor wrote, checked. Serialises to what tells one request from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactMessage {
    /// The visitor's name.
    pub name: String,
    /// The message; may have several lines.
    pub message: String,
    /// The visitor's company, as typed, if it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The version of the text that the visitor agreed to, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
}

impl ContactMessage {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(name: &str, message: &str, company: Option<&str>) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let contact = Self {
            name: mistakes.prose("/name", name, NAME, false),
            message: mistakes.prose("/message", message, MESSAGE, true),
            company: text::company(&mut mistakes, "/company", company),
            consent: None,
        };
        mistakes.finish(contact)
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
    fn a_message_may_have_lines_and_a_name_may_not() {
        assert!(ContactMessage::new("Ann", "Hello,\n\nhow are you?\n", Some("Acme")).is_ok());
        assert_eq!(ContactMessage::new("A\nnn", " ", None).unwrap_err().0.len(), 2);
        assert!(ContactMessage::new("Ann", &"x".repeat(5001), None).is_err());
    }
}
