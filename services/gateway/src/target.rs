//! The one reading of a request's target. In: the URI as hyper parsed it. Out: nothing, when every reader of it must come to the same
//! result; else a problem. Pure. Must not repair anything: what is passed on is what was sent.

use axum::http::request::Parts;
use hyper::{Method, Uri, Version};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ADDRESS_TOO_LONG, MALFORMED_ADDRESS};

/// Longest path with its query, in bytes.
pub const LONGEST: usize = 4096;

/// What stands for itself in a segment (RFC 3986, 3.3), by byte.
static OF_PATHS: [bool; 256] = plain(b"-._~!$&'()*+,;=:@");
/// What stands for itself in a query (3.4).
static OF_QUERIES: [bool; 256] = plain(b"-._~!$&'()*+,;=:@/?");

/// Letters, digits and some signs.
const fn plain(signs: &[u8]) -> [bool; 256] {
    let (mut is_plain, mut at) = ([false; 256], 0);
    while at < signs.len() {
        is_plain[signs[at] as usize] = true;
        at += 1;
    }
    let mut byte = 0;
    while byte < is_plain.len() {
        // Lossless: there are as many as bytes have values.
        is_plain[byte] |= (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    is_plain
}

/// Whether the target can be read in one way only.
///
/// # Errors
/// A problem.
pub fn check(parts: &Parts) -> Result<(), Problem> {
    let uri = &parts.uri;
    // HTTP/1 has three other forms, for proxies; HTTP/2 always names scheme and authority.
    let is_plain = uri.scheme().is_none() && uri.authority().is_none();
    if parts.method == Method::CONNECT || (parts.version < Version::HTTP_2 && !is_plain) {
        return Err(refused("the target must be a path"));
    }
    length(uri)?;
    path(uri.path())?;
    query(uri.query().unwrap_or_default())
}

/// Whether a path has no slash at its end. Sites may have such pages; in the API two paths would mean the same.
///
/// # Errors
/// A problem.
pub fn ends_with_a_word(uri: &Uri) -> Result<(), Problem> {
    match uri.path() {
        "/" => Ok(()),
        path if path.ends_with('/') => Err(refused("the path has an empty segment")),
        _ => Ok(()),
    }
}

fn length(uri: &Uri) -> Result<(), Problem> {
    let length = uri.path_and_query().map_or(0, |target| target.as_str().len());
    if length <= LONGEST {
        return Ok(());
    }
    Err(Problem::new(ADDRESS_TOO_LONG).detail(format!("path and query may have {LONGEST} bytes")))
}

/// Words between slashes. None but the last is empty; none is `.` or `..`, and what would make one
/// of them, or a slash, for a reader who decodes first doesn't pass.
fn path(path: &str) -> Result<(), Problem> {
    let Some(words) = path.strip_prefix('/') else { return Err(refused("the path must begin with a slash")) };
    if words.is_empty() {
        return Ok(());
    }
    for word in words.strip_suffix('/').unwrap_or(words).split('/') {
        match word {
            "" => return Err(refused("the path has an empty segment")),
            "." | ".." => return Err(refused("the path has a dot segment")),
            _ => segment(word.as_bytes())?,
        }
    }
    Ok(())
}

fn segment(word: &[u8]) -> Result<(), Problem> {
    if word.iter().all(|byte| OF_PATHS[usize::from(*byte)]) {
        return Ok(());
    }
    let mut at = 0;
    while let Some(&byte) = word.get(at) {
        at += match byte {
            b'%' => {
                let code = octet(word, at)
                    .ok_or_else(|| refused("a % in the path is not followed by two hexadecimal digits"))?;
                if !may_be_encoded(code) {
                    return Err(refused("the path encodes a character that must not be, or need not be, encoded"));
                }
                3
            }
            _ if OF_PATHS[usize::from(byte)] => 1,
            _ => return Err(refused("the path has a character that must be encoded")),
        };
    }
    let decoded = decode(word);
    std::str::from_utf8(&decoded).map(|_| ()).map_err(|_| refused("the path is not UTF-8"))
}

/// Queries are lists of values for services to read: only their encoding is checked.
fn query(query: &str) -> Result<(), Problem> {
    let bytes = query.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let fine = match byte {
            b'%' => octet(bytes, at).is_some_and(|code| code != 0),
            other => OF_QUERIES[usize::from(*other)],
        };
        if !fine {
            return Err(refused("the query has a character that must be encoded, or a wrong encoding"));
        }
    }
    Ok(())
}

/// The octet that `%xx` at `at` stands for.
fn octet(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
    u8::try_from(digit(1)? * 16 + digit(2)?).ok()
}

/// No control characters, no slash of either kind, and nothing that has one plain spelling already (RFC 3986, 2.3), dots above all.
fn may_be_encoded(code: u8) -> bool {
    let is_unreserved = code.is_ascii_alphanumeric() || b"-._~".contains(&code);
    !is_unreserved && !code.is_ascii_control() && code != b'/' && code != b'\\'
}

/// A checked segment's bytes.
fn decode(word: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(word.len());
    let mut at = 0;
    while let Some(&byte) = word.get(at) {
        let code = if byte == b'%' { octet(word, at) } else { None };
        decoded.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    decoded
}

fn refused(detail: &str) -> Problem {
    Problem::new(MALFORMED_ADDRESS).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn parts(target: impl TryInto<Uri, Error: Into<axum::http::Error>>) -> Parts {
        Request::builder().uri(target).body(()).unwrap().into_parts().0
    }

    fn reads(target: &str) -> bool {
        // What is no URI at all never gets here.
        let Ok(uri) = target.parse::<Uri>() else { return false };
        let parts = parts(uri);
        check(&parts).is_ok() && ends_with_a_word(&parts.uri).is_ok()
    }

    #[test]
    fn a_site_may_have_a_slash_at_the_end_and_only_there() {
        let site = |target: &str| check(&parts(target)).is_ok();
        assert!(site("/docs/") && site("/docs/a/?b=/") && site("/"));
        for target in ["//", "/docs//", "/docs//a", "/docs/../", "/docs/./", "/docs/%2e%2e/"] {
            assert!(!site(target), "{target}");
        }
    }

    #[test]
    fn one_reading_or_none() {
        for target in [
            "/api/billing/plans",
            "/api/identity/email/a@b.example",
            "/api/identity/email/a%40b.example",
            "/a/%C3%BC",
            "/a?b=c%20d&e=/?",
            "/",
            "/a/%25",
            "/a/b;c=1",
            "/...",
            "/.a",
            "/a?x=..%2f",
            "/a/%20",
        ] {
            assert!(reads(target), "{target}");
        }
        for target in [
            "//",
            "/a/",
            "/a//b",
            "/a/../b",
            "/a/./b",
            "/..",
            "/a/%2e%2e/b",
            "/a/.%2E",
            "/a/%2fb",
            "/a/%2Fb",
            "/a/%5cb",
            "/a/%00",
            "/a/%0a",
            "/a/%7f",
            "/a/%",
            "/a/%4",
            "/a/%zz",
            "/a/%+1",
            "/a/%61",
            "/a/%ff",
            "/a/%c0%af",
            "/a\\b",
            "/a/\u{fc}",
            "/a/\"",
            "/a?b=%",
            "/a?b=%0",
            "/a?b=%00",
            "/a?b=\u{fc}",
            "*",
            "http://host/a",
            "host:80",
            "",
        ] {
            assert!(!reads(target), "{target}");
        }
    }

    #[test]
    fn length_is_bounded() {
        assert!(reads(&format!("/{}", "a".repeat(LONGEST - 1))));
        assert!(!reads(&format!("/{}", "a".repeat(LONGEST))));
        assert!(!reads(&format!("/a?{}", "a".repeat(LONGEST))));
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_decodes_to_words_without_slashes_and_dots(path in "(/([a-z.%2efc0/\\\\]|%2[eEfF]|%5[cC]|%00){0,6}){1,4}") {
            if path != "/" && reads(&path) {
                for word in path.split('/').skip(1) {
                    let text = String::from_utf8(decode(word.as_bytes())).unwrap();
                    proptest::prop_assert!(!text.is_empty() && text != "." && text != ".." && !text.contains(['/', '\\', '\0']));
                }
            }
        }
    }
}
