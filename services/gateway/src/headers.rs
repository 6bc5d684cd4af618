//! What passes the gateway besides bodies. In: headers. Out: fewer of them, and those that the gateway answers for. Pure.
//! Whatever says who asks, or belongs to one connection only, passes in no direction.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use rerp_kit::access::TOKEN;
use rerp_kit::http::context::REQUEST_ID;

/// Where the request came from: an address that a trusted hop, or the connection, vouches for.
pub const CLIENT_ADDRESS: &str = "x-rerp-client-address";

/// Beginnings of names that mean something inside.
const INTERNAL: [&str; 4] = ["x-rerp-", "rerp-", "grpc-", "x-forwarded-"];
/// Of one connection only (RFC 9110, 7.6.1), beside those that `Connection` names.
static HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// Not for services: who asks they are told by us, the rest is between the client and the gateway.
static OF_CLIENTS: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::HOST,
    header::ORIGIN,
    header::EXPECT,
    header::FORWARDED,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("server-timing"),
    HeaderName::from_static(REQUEST_ID),
];
/// Not for sites: where a request comes from they are told by us.
static OF_VISITS: [HeaderName; 4] =
    [header::EXPECT, header::FORWARDED, HeaderName::from_static("x-real-ip"), HeaderName::from_static(REQUEST_ID)];
/// Not for clients.
static OF_SERVICES: [HeaderName; 6] = [
    HeaderName::from_static("server-timing"),
    header::SERVER,
    HeaderName::from_static("x-powered-by"),
    header::SET_COOKIE,
    header::VIA,
    HeaderName::from_static(REQUEST_ID),
];

/// Takes from a request what must not go inside.
pub fn strip_request(headers: &mut HeaderMap) {
    strip(headers, &OF_CLIENTS, &INTERNAL);
}

/// Takes from a request to a site what is of one connection, or means something inside. What a visitor and a site say to each other passes.
pub fn strip_visit(headers: &mut HeaderMap) {
    strip(headers, &OF_VISITS, &INTERNAL);
}

/// Makes one line of a request's cookies: HTTP/2 may carry each in a line of its own, and readers of HTTP/1.1 look at one line (RFC 9113, 8.2.3).
pub fn join_cookies(headers: &mut HeaderMap) {
    let lines: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if lines.len() < 2 {
        return;
    }
    if let Ok(line) = HeaderValue::from_bytes(&lines.join(&b"; "[..])) {
        headers.insert(header::COOKIE, line);
    }
}

/// Takes from a site's answer what is of one connection, or means something inside.
pub fn strip_visited(headers: &mut HeaderMap) {
    strip(headers, &[], &INTERNAL);
}

/// Takes from an answer what must not go outside. Only the gateway says which pages may read an answer.
pub fn strip_answer(headers: &mut HeaderMap) {
    strip(headers, &OF_SERVICES, &INTERNAL);
    remove_if(headers, |name| name.as_str().starts_with("access-control-"));
}

fn strip(headers: &mut HeaderMap, names: &[HeaderName], beginnings: &[&str]) {
    // `Connection` may name any header, and then that one belongs to the connection as well.
    let lines = headers.get_all(header::CONNECTION).iter().filter_map(|line| line.to_str().ok());
    let named: Vec<String> =
        lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect();
    remove_if(headers, |name| {
        let text = name.as_str();
        HOP.contains(name)
            || names.contains(name)
            || beginnings.iter().any(|beginning| text.starts_with(beginning))
            || named.iter().any(|other| other == text)
    });
}

fn remove_if(headers: &mut HeaderMap, is_unwanted: impl Fn(&HeaderName) -> bool) {
    let unwanted: Vec<HeaderName> = headers.keys().filter(|name| is_unwanted(name)).cloned().collect();
    for name in unwanted {
        headers.remove(name);
    }
}

/// What a service is told of a request.
#[derive(Debug)]
pub struct Told<'a> {
    /// Who asks, as the service believes it; none if that doesn't count.
    pub token: Option<HeaderValue>,
    /// Where the request came from.
    pub address: std::net::IpAddr,
    /// The request's id.
    pub id: &'a str,
}

/// Adds to a stripped request what a service is told, but for the time that is left: each attempt has another one. What can't be a header's value isn't
/// told.
pub fn tell(headers: &mut HeaderMap, told: Told<'_>) {
    let mut set = |name: &'static str, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set(REQUEST_ID, told.id);
    set(CLIENT_ADDRESS, &told.address.to_string());
    if let Some(token) = told.token {
        headers.insert(HeaderName::from_static(TOKEN), token);
    }
}

/// Whether an answer speaks of a problem in a service's own words.
#[must_use]
pub fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"))
}

/// Adds to an answer what browsers are to mind. `secure`: clients come over TLS, here or at the ingress before us.
pub fn harden(headers: &mut HeaderMap, secure: bool) {
    static FIXED: [(HeaderName, &str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-site"),
    ];
    for (name, value) in &FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure {
        headers
            .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains"));
    }
    // Answers are about somebody unless their service says that anybody may keep them.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
#[path = "headers_tests.rs"]
mod tests;
