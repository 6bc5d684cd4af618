//! Names of types of events. In come texts; out go names with a version. Pure.

use serde::{Deserialize, Serialize};

/// Longest name in bytes.
const LONGEST: usize = 100;

/// The name of a type of events: the service that announces it, what happened, and the version of what is told, as
/// `identity.user.verified.v1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventType(String);

/// A text that names no type of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a type of events, such as identity.user.verified.v1")]
pub struct NoName;

impl EventType {
    /// Reads a name: at least a service, a word and a version, in lower case with dots between, at most 100 bytes.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, NoName> {
        let (before, version) = text.rsplit_once(".v").ok_or(NoName)?;
        let versioned = !version.starts_with('0')
            && (1..=4).contains(&version.len())
            && version.bytes().all(|byte| byte.is_ascii_digit());
        let worded = before.contains('.') && before.split('.').all(is_word);
        if versioned && worded && text.len() <= LONGEST { Ok(Self(text.to_owned())) } else { Err(NoName) }
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The service that announces it.
    #[must_use]
    pub fn source(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }

    /// The name without its version: what two versions of one type have in common.
    #[must_use]
    pub fn base(&self) -> &str {
        parts(&self.0).0
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> u16 {
        parts(&self.0).1
    }
}

/// A name in two: the part before its version, and the version; 0 if it has none.
pub(super) fn parts(name: &str) -> (&str, u16) {
    let (base, version) = name.rsplit_once(".v").unwrap_or((name, ""));
    (base, version.parse().unwrap_or_default())
}

fn is_word(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl TryFrom<String> for EventType {
    type Error = NoName;

    fn try_from(text: String) -> Result<Self, NoName> {
        Self::parse(&text)
    }
}

impl From<EventType> for String {
    fn from(name: EventType) -> Self {
        name.0
    }
}

impl std::fmt::Display for EventType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_service_a_word_and_a_version() {
        for (text, source, base, version) in [
            ("identity.user.verified.v1", "identity", "identity.user.verified", 1),
            ("account.created.v12", "account", "account.created", 12),
            ("fte.v2.v9999", "fte", "fte.v2", 9999),
        ] {
            let name = EventType::parse(text).unwrap();
            assert_eq!((name.as_str(), name.source(), name.base(), name.version()), (text, source, base, version));
        }
        let long = format!("a.{}.v1", "b".repeat(96));
        for text in [
            "",
            "identity",
            "identity.v1",
            ".user.v1",
            "a..v1",
            "A.b.v1",
            "a.b",
            "a.b.v",
            "a.b.v0",
            "a.b.v01",
            "a.b.v12345",
            &long,
        ] {
            assert_eq!(EventType::parse(text), Err(NoName), "{text}");
        }
    }
}
