//! What the walk has learned, by name. In: names and values. Out: texts and paths with values in place of names. Pure.

use std::collections::BTreeMap;

/// A name without a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it needs `{0}`, which no row before has brought")]
pub(super) struct Missing(pub(super) String);

/// See the file's header.
#[derive(Debug, Default)]
pub(super) struct Notes(BTreeMap<String, String>);

impl Notes {
    /// From now on the name has this value.
    pub(super) fn keep(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Result<&str, Missing> {
        self.0.get(name).map(String::as_str).ok_or_else(|| Missing(name.to_owned()))
    }

    /// A text in which `$name` stands for a value.
    pub(super) fn text(&self, template: &str) -> Result<String, Missing> {
        let mut parts = template.split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            text.push_str(self.get(name)?);
            text.push_str(rest);
        }
        Ok(text)
    }

    /// A path in which `{parameter=name}` stands for a value.
    pub(super) fn path(&self, template: &str) -> Result<String, Missing> {
        let mut parts = template.split('{');
        let mut path = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            path.push_str(self.get(name.split_once('=').map_or(name, |(_, name)| name))?);
            path.push_str(rest);
        }
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_way_to_values() {
        let mut notes = Notes::default();
        notes.keep("account", "7");
        notes.keep("seq", "31");
        assert_eq!(notes.text(r#"{"a": "$account", "n": $seq}"#).unwrap(), r#"{"a": "7", "n": 31}"#);
        assert_eq!(notes.text("$account-x").unwrap(), "7-x");
        assert_eq!(notes.path("/api/{id=account}/roles").unwrap(), "/api/7/roles");
        assert_eq!(notes.path("/api/{account}").unwrap(), "/api/7");
        assert_eq!(notes.text("$session").unwrap_err(), Missing("session".to_owned()));
        assert_eq!(notes.path("/{id=session}").unwrap_err(), Missing("session".to_owned()));
        notes.keep("account", "8");
        assert_eq!(notes.get("account"), Ok("8"));
    }
}
