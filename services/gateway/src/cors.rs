//! Which pages may ask what. In: the origins of the three portals, and a request. Out: that it may go on, and the headers that tell a
//! browser so. Origins are compared as they are written: scheme, host, port. Pure.
//!
//! A browser keeps an answer from a page that may not have it, but the request has had its effect by then. So one that names an origin
//! which may not ask is refused before it is passed on.

use hyper::header::{self, HeaderMap, HeaderValue};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::ORIGIN_NOT_ALLOWED;

use crate::table::{May, Row};

/// How long a browser may remember what it was told, in seconds.
const REMEMBER: &str = "600";
/// What pages may send beside what they may always send.
const REQUEST_HEADERS: &str = "authorization, content-type, idempotency-key, if-match, if-none-match, x-audit-reason";
/// What pages may read beside what they may always read.
const ANSWER_HEADERS: &str = "etag, location, retry-after, ratelimit, ratelimit-policy, x-request-id, idempotency-replayed, age, www-authenticate";

/// Origins by what their pages are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// The website: public routes only.
    pub website: Vec<String>,
    /// The customers' portal: what people may do.
    pub portal: Vec<String>,
    /// The platform's portal: everything.
    pub platform: Vec<String>,
}

impl Origins {
    /// Whether a page of `origin` may ask a route.
    #[must_use]
    pub fn allow(&self, origin: &str, row: &Row) -> bool {
        let is_in = |list: &[String]| list.iter().any(|known| known == origin);
        match row.may {
            May::Public => is_in(&self.website) || is_in(&self.portal) || is_in(&self.platform),
            May::Person => is_in(&self.portal) || is_in(&self.platform),
            May::Staff => is_in(&self.platform),
            May::Service => false,
        }
    }

    /// The origin to be named in the answer, if the request names one.
    ///
    /// # Errors
    /// A problem: it may not ask this.
    pub fn check(&self, headers: &HeaderMap, row: &Row) -> Result<Option<HeaderValue>, Problem> {
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(None) };
        if origin.to_str().is_ok_and(|text| self.allow(text, row)) {
            return Ok(Some(origin.clone()));
        }
        Err(Problem::new(ORIGIN_NOT_ALLOWED))
    }
}

/// An origin as browsers write it: `https://app.example`, with a port where it isn't the scheme's own.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.origin().ascii_serialization() == text)
}

/// Lets the page read an answer. What an answer depends on is said whoever asks, or a cache between would mix them up.
pub fn open(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    static BY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");
    headers.append(header::VARY, BY_ORIGIN.clone());
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANSWER_HEADERS));
    }
}

/// Answers a browser that asks before it asks, for a method of a route that was found.
pub fn preflight(headers: &mut HeaderMap, method: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(REMEMBER));
    headers.append(
        header::VARY,
        HeaderValue::from_static("access-control-request-method, access-control-request-headers"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TABLE;

    #[test]
    fn pages_reach_what_they_are_for() {
        let origins = Origins {
            website: vec!["https://www.example".to_owned()],
            portal: vec!["https://app.example".to_owned()],
            platform: vec!["https://platform.example:8443".to_owned()],
        };
        for row in TABLE {
            let of = |origin: &str| origins.allow(origin, row);
            assert_eq!(of("https://www.example"), row.may == May::Public, "{}", row.path);
            assert_eq!(of("https://app.example"), row.may != May::Staff, "{}", row.path);
            assert!(of("https://platform.example:8443"), "{}", row.path);
            for other in [
                "null",
                "",
                "https://app.example:443",
                "http://app.example",
                "https://app.example.evil",
                "https://x.app.example",
            ] {
                assert!(!of(other), "{other} {}", row.path);
            }
        }
    }

    #[test]
    fn no_origin_is_no_page() {
        let row = &TABLE[0];
        assert!(Origins::default().check(&HeaderMap::new(), row).unwrap().is_none());
        let headers = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static("https://app.example"))]);
        assert_eq!(Origins::default().check(&headers, row).unwrap_err().kind(), ORIGIN_NOT_ALLOWED);
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for text in ["https://app.example", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(is_origin(text), "{text}");
        }
        for text in [
            "app.example",
            "https://app.example/",
            "https://App.example",
            "https://app.example:443",
            "*",
            "null",
            "file:///",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
