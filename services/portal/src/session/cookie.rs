//! The cookies. In: headers of a request, or what is to be kept. Out: the sealed text, or a header. Pure.
//!
//! `__Host-` makes browsers hold to the rest: it comes over TLS (or from their own machine), is for this host alone and for all of its paths.

use axum::http::{HeaderMap, HeaderValue, header};

/// That of a session.
pub const NAME: &str = "__Host-rerp-session";
/// That of somebody whose code was taken, and whose new password wasn't yet. It signs nobody in.
pub const RECOVERY: &str = "__Host-rerp-recovery";
/// That of somebody whose password was taken, and whose second factor wasn't shown yet. It signs nobody in.
pub const FACTOR: &str = "__Host-rerp-factor";
/// No script reads it, it goes over TLS only, and with no request that another site has caused.
const ALWAYS: &str = "Path=/; HttpOnly; Secure; SameSite=Strict";

/// What a browser has kept under a name; none where there is nothing, or two of it.
#[must_use]
pub fn kept<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // Bytes: a neighbour's cookie, which comes in the same line, may hold any of them.
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    let mut found = pairs.filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    found
        .next()
        .filter(|value| !value.is_empty() && found.next().is_none())
        .and_then(|value| std::str::from_utf8(value).ok())
}

/// Keep this, for `seconds`. `None` if it can't stand in a header: what is sealed always can.
#[must_use]
pub fn keep(name: &str, sealed: &str, seconds: u64) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{name}={sealed}; Max-Age={seconds}; {ALWAYS}")).ok()
}

/// Keep nothing under this name any more.
#[must_use]
pub fn forget(name: &'static str) -> HeaderValue {
    // The same attributes: otherwise it would be another cookie.
    HeaderValue::from_static(match name {
        RECOVERY => "__Host-rerp-recovery=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict",
        FACTOR => "__Host-rerp-factor=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict",
        _ => "__Host-rerp-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        kept(&headers, NAME).map(str::to_owned)
    }

    #[test]
    fn it_is_found_among_others_and_counts_once() {
        assert_eq!(read(&[b"a=b; __Host-rerp-session=abc; c=d"]).as_deref(), Some("abc"));
        assert_eq!(read(&[b"a=b", b"__Host-rerp-session=abc"]).as_deref(), Some("abc"));
        for none in [
            "rerp-session=abc",
            "__Host-rerp-session=",
            "__Host-rerp-session-2=abc",
            "x__Host-rerp-session=abc",
            "__Host-rerp-recovery=abc",
            "__Host-rerp-session=abc; __Host-rerp-session=def",
        ] {
            assert_eq!(read(&[none.as_bytes()]), None, "{none}");
        }
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_neighbours_bytes_do_not_hide_it() {
        assert_eq!(read(&[b"name=J\xf6rg; __Host-rerp-session=abc; more=\xff"]).as_deref(), Some("abc"));
        assert_eq!(read(&[b"__Host-rerp-session=a\xffc"]), None);
    }

    #[test]
    fn forgetting_has_the_attributes_of_keeping() {
        for name in [NAME, RECOVERY, FACTOR] {
            let (keep, forget) = (keep(name, "abc", 60).unwrap(), forget(name));
            assert_eq!(keep, format!("{name}=abc; Max-Age=60; {ALWAYS}").as_str());
            assert_eq!(forget, format!("{name}=; Max-Age=0; {ALWAYS}").as_str());
        }
    }
}
