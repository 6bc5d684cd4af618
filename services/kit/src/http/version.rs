//! Versions of a thing as HTTP speaks of them (RFC 9110, 8.8.3 and 13.1): numbers that grow with every change, as strong entity
//! tags. In come headers and numbers; out go tags, and whether a caller means the version that is there.
//! Must not be given a number that two different contents share.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::problem::Problem;
use crate::problem::catalogue::{CHANGED_MEANWHILE, MALFORMED_HEADER, VERSION_REQUIRED};

/// The entity tag of a version.
#[must_use]
pub fn etag(version: i32) -> HeaderValue {
    // A number in quotes is always a header's value.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Which version a change is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch {
    /// None for `*`: whichever is there.
    tags: Option<Vec<String>>,
}

impl IfMatch {
    /// Reads the header of a change.
    ///
    /// # Errors
    /// A problem when it is missing or can't be read.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let needed = || Problem::new(VERSION_REQUIRED).detail("send the ETag of what you read as If-Match");
        Ok(Self { tags: tags(headers, header::IF_MATCH.as_str())?.ok_or_else(needed)? })
    }

    /// Whether this version is meant. A weak tag means none: it says only that contents are alike.
    #[must_use]
    pub fn means(&self, version: i32) -> bool {
        self.tags.as_ref().is_none_or(|tags| tags.iter().any(|tag| *tag == format!("\"{version}\"")))
    }

    /// The problem to answer with when it means another version.
    #[must_use]
    pub fn missed() -> Problem {
        Problem::new(CHANGED_MEANWHILE).detail("read it again, and send its ETag as If-Match")
    }
}

/// Whether a reader has this version already: `If-None-Match` names it.
///
/// # Errors
/// A problem when the header can't be read.
pub fn has_version(headers: &HeaderMap, version: i32) -> Result<bool, Problem> {
    has_tag(headers, &format!("\"{version}\""))
}

/// The same for a tag of another kind, quotes included.
///
/// # Errors
/// A problem when the header can't be read.
pub fn has_tag(headers: &HeaderMap, present: &str) -> Result<bool, Problem> {
    let named = |tag: &String| tag.strip_prefix("W/").unwrap_or(tag) == present;
    Ok(match tags(headers, header::IF_NONE_MATCH.as_str())? {
        None => false,
        Some(None) => true,
        Some(Some(tags)) => tags.iter().any(named),
    })
}

/// The tags of a header: nothing if it is missing or empty, `Some(None)` for `*`. Our tags hold no commas, so a comma parts two of them; empty parts of a
/// list are passed over (RFC 9110, 5.6.1.2).
fn tags(headers: &HeaderMap, name: &str) -> Result<Option<Option<Vec<String>>>, Problem> {
    let unreadable = || Problem::new(MALFORMED_HEADER).detail(format!("{name} must be `*` or quoted entity tags"));
    let mut tags = Vec::new();
    for line in headers.get_all(name) {
        let line = line.to_str().map_err(|_| unreadable())?;
        tags.extend(line.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()));
    }
    if tags.iter().any(|tag| tag == "*") {
        return if tags.len() == 1 { Ok(Some(None)) } else { Err(unreadable()) };
    }
    let is_tag = |tag: &String| {
        let quoted = tag.strip_prefix("W/").unwrap_or(tag);
        let opaque = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        opaque.is_some_and(|opaque| opaque.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
    };
    if !tags.iter().all(is_tag) {
        return Err(unreadable());
    }
    Ok(Some(tags).filter(|tags| !tags.is_empty()).map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &str, lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn a_change_means_a_version() {
        let of = |lines: &[&'static str]| IfMatch::of(&headers("if-match", lines));
        for lines in [vec![], vec![""], vec![" , "]] {
            assert_eq!(of(&lines).unwrap_err().kind(), VERSION_REQUIRED, "{lines:?}");
        }
        for (lines, means) in [
            (vec!["\"3\""], true),
            (vec!["*"], true),
            (vec!["\"1\", \"3\""], true),
            (vec!["\"1\"", "\"3\""], true),
            (vec!["", ", \"3\","], true),
            (vec!["\"2\""], false),
            (vec!["W/\"3\""], false),
            (vec!["\"03\""], false),
        ] {
            assert_eq!(of(&lines).unwrap().means(3), means, "{lines:?}");
        }
        for lines in [vec!["3"], vec!["\""], vec!["*, \"3\""], vec!["\"3\"4\""], vec!["\"3 4\""]] {
            assert_eq!(of(&lines).unwrap_err().kind(), MALFORMED_HEADER, "{lines:?}");
        }
    }

    #[test]
    fn a_reader_may_have_it_already() {
        let has = |lines: &[&'static str]| has_version(&headers("if-none-match", lines), 3).unwrap();
        assert!(has(&["\"3\""]) && has(&["W/\"3\""]) && has(&["*"]));
        assert!(!has(&[]) && !has(&[""]) && !has(&["\"2\""]));
        assert_eq!(etag(3), "\"3\"");
    }
}
