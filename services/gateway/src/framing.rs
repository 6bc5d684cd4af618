//! Whether a request is framed and addressed in one way only. In: its head. Out: the host that it names, or a problem. Pure.
//!
//! hyper refuses most of what is ambiguous by itself; tests over raw sockets say what. What it takes and this doesn't: a body in
//! chunks. With `Content-Length` beside it two readers may part the bytes in two ways, and hyper, which drops the length then, doesn't
//! tell. No honest client of ours needs chunks: HTTP/1 says its length, HTTP/2 frames its body.

use axum::http::request::Parts;
use hyper::Version;
use hyper::header::{self, HeaderMap, HeaderName};
use rerp_kit::http::single_header;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{LENGTH_REQUIRED, MALFORMED_HEADER, NOT_JSON, TOO_LARGE};

/// Headers that two readers would read differently if they came twice.
static ONCE: [HeaderName; 8] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::ORIGIN,
    header::ACCESS_CONTROL_REQUEST_METHOD,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("stripe-signature"),
    header::EXPECT,
];

/// How the content types of gRPC begin.
const GRPC: &[u8] = b"application/grpc";
/// Headers that `Connection` may name. Each is compared with each of the request, and an honest one names three.
const NAMED: usize = 16;

/// Whether the head can be read in one way only. Out: who was asked.
///
/// # Errors
/// A problem.
pub fn check(parts: &Parts) -> Result<&str, Problem> {
    let headers = &parts.headers;
    let host = authority(parts)?;
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Problem::new(LENGTH_REQUIRED).detail("send Content-Length instead of Transfer-Encoding"));
    }
    let named: usize = headers
        .get_all(header::CONNECTION)
        .iter()
        .map(|line| line.as_bytes().iter().filter(|byte| **byte == b',').count() + 1)
        .sum();
    if named > NAMED {
        return Err(Problem::new(MALFORMED_HEADER).detail("Connection names too many headers"));
    }
    for name in &ONCE {
        single_header(headers, name)?;
    }
    // Services answer calls over gRPC in its own words, which say 200 whatever happened.
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.as_bytes().get(..GRPC.len()));
    if kind.is_some_and(|kind| kind.eq_ignore_ascii_case(GRPC)) {
        return Err(Problem::new(NOT_JSON));
    }
    Ok(host)
}

/// Who was asked: one `Host`, or one `:authority`, or both and the same.
fn authority(parts: &Parts) -> Result<&str, Problem> {
    let host = single_header(&parts.headers, &header::HOST)?;
    let named = parts.uri.authority().map(|authority| authority.as_str());
    let asked = match (host, named) {
        (Some(host), Some(named)) if !host.eq_ignore_ascii_case(named) => None,
        (Some(host), _) => Some(host),
        (None, named) if parts.version >= Version::HTTP_2 => named,
        (None, _) => None,
    };
    let is_name = |text: &str| {
        !text.is_empty()
            && text.len() <= 255
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
    };
    asked.filter(|text| is_name(text)).ok_or_else(|| Problem::new(MALFORMED_HEADER).detail("Host must name one host"))
}

/// Whether a body that says its length may be as long as that.
///
/// # Errors
/// A problem when it is longer than `most` bytes.
pub fn length(headers: &HeaderMap, most: u64) -> Result<(), Problem> {
    let declared = single_header(headers, &header::CONTENT_LENGTH)?.and_then(|text| text.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > most) {
        return Err(Problem::new(TOO_LARGE).detail(format!("the body may have {most} bytes")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;
    use rerp_kit::problem::catalogue::Kind;

    fn refusal(version: Version, uri: &str, headers: &[(&str, &str)]) -> Option<Kind> {
        let mut builder = Request::builder().version(version).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        check(&parts).err().map(|problem| problem.kind())
    }

    #[test]
    fn one_host() {
        let (one, two) = (Version::HTTP_11, Version::HTTP_2);
        for (version, uri, headers) in [
            (one, "/a", vec![("host", "api.example")]),
            (one, "/a", vec![("host", "[::1]:8080")]),
            (two, "https://api.example/a", vec![]),
            (two, "https://api.example/a", vec![("host", "API.example")]),
        ] {
            assert_eq!(refusal(version, uri, &headers), None, "{uri} {headers:?}");
        }
        for (version, uri, headers) in [
            (one, "/a", vec![]),
            (one, "/a", vec![("host", "")]),
            (one, "/a", vec![("host", "a"), ("host", "a")]),
            (one, "/a", vec![("host", "a@b")]),
            (one, "/a", vec![("host", "a/b")]),
            (two, "https://api.example/a", vec![("host", "other.example")]),
            (two, "/a", vec![]),
        ] {
            assert_eq!(refusal(version, uri, &headers), Some(MALFORMED_HEADER), "{uri} {headers:?}");
        }
    }

    #[test]
    fn one_meaning() {
        let with = |more: &[(&'static str, &'static str)]| {
            let all: Vec<_> = [("host", "a")].into_iter().chain(more.iter().copied()).collect();
            refusal(Version::HTTP_11, "/a", &all)
        };
        assert_eq!(with(&[("transfer-encoding", "chunked")]), Some(LENGTH_REQUIRED));
        assert_eq!(with(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]), Some(MALFORMED_HEADER));
        assert_eq!(with(&[("content-type", "Application/gRPC+proto")]), Some(NOT_JSON));
        assert_eq!(with(&[("content-type", "application/json")]), None);
        assert_eq!(with(&[("connection", "keep-alive, te, x-a")]), None);
        assert_eq!(
            with(&[("connection", "a,a,a,a,a,a,a,a"), ("connection", "a,a,a,a,a,a,a,a,a")]),
            Some(MALFORMED_HEADER)
        );
    }

    #[test]
    fn a_body_may_be_so_long() {
        let headers = |text| HeaderMap::from_iter([(header::CONTENT_LENGTH, header::HeaderValue::from_static(text))]);
        assert!(length(&headers("10"), 10).is_ok() && length(&HeaderMap::new(), 0).is_ok());
        assert_eq!(length(&headers("11"), 10).unwrap_err().kind(), TOO_LARGE);
    }
}
